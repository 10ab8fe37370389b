import { recipeSchema } from '@aimass/contracts';
import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

/** What a version is made of. The shape of a recipe is the contract's own; the service checks it against the data. */
const content = {
  uploadId: z.string().min(1).optional().describe('id of a finished upload'),
  derivedFrom: z
    .strictObject({ version: z.string().min(1).describe('id of a version, dsv_…') })
    .optional()
    .describe('instead of an upload: make it from the rows of another version'),
  recipe: recipeSchema.optional().describe('how it is read and transformed'),
};
const ONE_ORIGIN = { path: ['uploadId'], message: 'give either uploadId or derivedFrom' };
const hasOneOrigin = (body: { uploadId?: string | undefined; derivedFrom?: object | undefined }): boolean =>
  (body.uploadId === undefined) !== (body.derivedFrom === undefined);

export const createDatasetBody = z
  .strictObject({ name: resourceName.describe('unique within the organization'), ...content })
  .refine(hasOneOrigin, ONE_ORIGIN);
export type CreateDatasetBody = z.infer<typeof createDatasetBody>;

export const createVersionBody = z.strictObject(content).refine(hasOneOrigin, ONE_ORIGIN);
export type CreateVersionBody = z.infer<typeof createVersionBody>;

export const previewQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(20).describe('rows'),
  offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('rows to skip'),
});
export type PreviewQuery = z.infer<typeof previewQuery>;

export const diffQuery = z.strictObject({
  against: z.coerce.number().int().min(1).max(999_999_999).describe('number of the version to compare with'),
});
export type DiffQuery = z.infer<typeof diffQuery>;

export const downloadQuery = z.strictObject({
  format: z.enum(['parquet', 'csv', 'arrow']).default('parquet').describe('parquet is the snapshot itself'),
});
export type DownloadQuery = z.infer<typeof downloadQuery>;
