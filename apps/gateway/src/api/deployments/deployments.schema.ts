import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

const whole = (most: number) => z.number().int().min(0).max(most).default(0);

const serving = z.strictObject({
  maxBatchRows: whole(65_536).describe('rows that one engine run takes at most'),
  batchDelayUs: whole(1_000_000).describe('how long a run may wait for company, in microseconds'),
  priority: whole(9).describe('which waiting calls run first when they do not say: 1 before 2'),
  maxQueueMs: whole(60_000).describe(
    'how long calls may wait in a queue that does not empty, in milliseconds',
  ),
  pinned: z.boolean().default(false).describe('never taken out of memory for other versions'),
});

const variants = z
  .array(
    z
      .strictObject({
        name: z
          .string()
          .max(128)
          .default('')
          .describe('unique within the deployment; "v<number>" when absent'),
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
        serving: serving.optional().describe('how replicas serve it; 0 and absent leave it to them'),
      })
      // The contract has the property in any case.
      .transform((variant) => ({ serving: undefined, ...variant })),
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
