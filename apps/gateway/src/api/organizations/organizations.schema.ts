import { z } from 'zod';
import { ORGANIZATION_KINDS } from '../../identity/organization.entity.js';

export const createOrganizationBody = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, '1 to 63 lower-case letters, digits or "-"')
    .describe('unique; the first part of "vendor/name" when it sells'),
  kinds: z.array(z.enum(ORGANIZATION_KINDS)).min(1).max(4).default(['consumer']).describe('what it may be'),
});

export type CreateOrganizationBody = z.infer<typeof createOrganizationBody>;

export const organizationSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    kinds: { type: 'array', items: { enum: [...ORGANIZATION_KINDS] } },
    createdAt: { type: 'string', format: 'date-time' },
  },
};
