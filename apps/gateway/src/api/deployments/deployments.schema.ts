import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

const variants = z
  .array(
    z.strictObject({
      name: z.string().max(128).default('').describe('unique within the deployment; "v<number>" when absent'),
      model: z.string().min(1).describe('id or name'),
      version: z
        .union([z.string().min(1), z.number().int().min(1).transform(String)])
        .describe('a number, a version id or an alias'),
      weight: z
        .number()
        .int()
        .min(0)
        .max(1_000_000)
        .default(100)
        .describe("share of the traffic relative to the others' weights"),
    }),
  )
  .min(1)
  .max(20);

export const createDeploymentBody = z.strictObject({
  name: resourceName.describe('the name that callers use'),
  variants,
});
export type CreateDeploymentBody = z.infer<typeof createDeploymentBody>;

export const updateVariantsBody = z.strictObject({ variants });
export type UpdateVariantsBody = z.infer<typeof updateVariantsBody>;
