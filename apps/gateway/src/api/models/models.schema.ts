import { z } from 'zod';

const version = z
  .union([z.string().min(1), z.number().int().min(1).transform(String)])
  .describe('a number or a version id');

export const setAliasBody = z.strictObject({ version });
export type SetAliasBody = z.infer<typeof setAliasBody>;

const tensors = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(512),
      datatype: z.string().min(1).max(16).describe('FP32, INT64, BYTES, …'),
      shape: z.array(z.number().int().min(-1)).max(32).describe('-1 is variable'),
    }),
  )
  .min(1)
  .max(1_000);

export const registerVersionBody = z.strictObject({
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1).max(512).describe('within the model; forward slashes'),
        uploadId: z.string().min(1).max(64).describe('of POST /uploads'),
      }),
    )
    .min(1)
    .max(200),
  engine: z.enum(['onnx', 'tensorflow']).optional().describe('found out from the files when absent'),
  format: z
    .enum(['onnx', 'saved-model', 'tfjs-layers', 'tfjs-graph'])
    .optional()
    .describe('found out from the files when absent'),
  signature: z
    .strictObject({ inputs: tensors, outputs: tensors })
    .optional()
    .describe('read from the model when absent; must fit it otherwise'),
  alias: z.string().max(63).default('').describe('alias to point at the new version'),
  number: z.number().int().min(1).max(999_999_999).optional().describe('the number that it must get'),
  source: z.string().max(2_000).default('').describe('where the model comes from; needed to sell it'),
});
export type RegisterVersionBody = z.infer<typeof registerVersionBody>;
