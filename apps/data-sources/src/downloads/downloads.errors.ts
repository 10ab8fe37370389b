import { DomainError } from '@aimass/platform-errors';

export const downloadRangeInvalid = (sizeBytes: string) =>
  new DomainError(
    'invalid',
    'data_sources.download_range_invalid',
    `Only parts of the Parquet file can be asked for, and it has ${sizeBytes} bytes.`,
  );

export const downloadsBusy = () =>
  new DomainError(
    'unavailable',
    'data_sources.downloads_busy',
    'As many tables as this service takes on are being converted for download. Try again in a moment, or download Parquet.',
    { retryAfterMs: 5_000 },
  );
