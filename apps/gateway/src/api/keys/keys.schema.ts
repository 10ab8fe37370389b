import { z } from 'zod';
import type { ApiKey } from '../../identity/api-key.entity.js';
import { ROLES } from '../../identity/roles.js';

export const createKeyBody = z.strictObject({
  name: z.string().min(1).max(100).describe('for people'),
  role: z.enum(ROLES).default('developer').describe('what it may do'),
  organization: z
    .string()
    .optional()
    .describe('id or name; only the platform administrator may name another than its own'),
});

export type CreateKeyBody = z.infer<typeof createKeyBody>;

const properties = {
  id: { type: 'string' },
  organizationId: { type: 'string' },
  name: { type: 'string' },
  role: { enum: [...ROLES] },
  prefix: { type: 'string', description: 'the first characters of the secret, to recognise it by' },
  createdAt: { type: 'string', format: 'date-time' },
  revokedAt: { type: ['string', 'null'], format: 'date-time' },
};

export const keySchema = { type: 'object', properties };

export const newKeySchema = {
  type: 'object',
  properties: {
    ...properties,
    secret: { type: 'string', description: 'shown now and never again; absent on a replay' },
  },
};

export const keyListSchema = {
  type: 'object',
  properties: { items: { type: 'array', items: keySchema }, nextPageToken: { type: 'string' } },
};

/** A key as the API shows it: never its hash. */
export function toKeyJson(key: ApiKey) {
  const { id, organizationId, name, role, prefix, createdAt, revokedAt } = key;
  return { id, organizationId, name, role, prefix, createdAt, revokedAt };
}
