import { DomainError } from '@aimass/platform-errors';

/** A part of the configuration that no S3 server could have. */
export const s3ConfigRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.s3_refused', `The S3 source is refused: ${reason}.`);

/** The bucket lives elsewhere; a signature is for one region. */
export const s3RegionWrong = (region: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.s3_region_wrong',
    region === ''
      ? 'The bucket is in another region or at another endpoint. Give the source that one.'
      : `The bucket is in the region "${region}". Give the source that one.`,
  );
