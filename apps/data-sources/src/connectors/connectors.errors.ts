import { DomainError } from '@aimass/platform-errors';

export const fetchTooLarge = (limitBytes: number) =>
  new DomainError(
    'too_large',
    'data_sources.fetch_too_large',
    `The source holds more than ${limitBytes} bytes, the most one sync may fetch. Read less, or raise FETCH_LIMIT_BYTES.`,
  );

export const fetchTooManyFiles = (limit: number) =>
  new DomainError(
    'too_large',
    'data_sources.fetch_too_many_files',
    `The source holds more than ${limit} files, the most one sync may fetch. Use a narrower prefix.`,
  );
