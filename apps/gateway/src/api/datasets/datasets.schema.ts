import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

const uploadId = z.string().min(1).describe('id of a finished upload');

export const createDatasetBody = z.strictObject({
  name: resourceName.describe('unique within the organization'),
  uploadId,
});
export type CreateDatasetBody = z.infer<typeof createDatasetBody>;

export const createVersionBody = z.strictObject({ uploadId });
export type CreateVersionBody = z.infer<typeof createVersionBody>;

const ratio = z.number().min(0).max(1);

export const createSplitBody = z.strictObject({
  ratios: z.strictObject({ train: ratio, validation: ratio, test: ratio }).describe('must add up to 1'),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('same seed, same rows'),
});
export type CreateSplitBody = z.infer<typeof createSplitBody>;

export const previewQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(20).describe('rows'),
  offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('rows to skip'),
});
export type PreviewQuery = z.infer<typeof previewQuery>;
