import { z } from 'zod';

export const setAliasBody = z.strictObject({
  version: z
    .union([z.string().min(1), z.number().int().min(1).transform(String)])
    .describe('a number or a version id'),
});

export type SetAliasBody = z.infer<typeof setAliasBody>;
