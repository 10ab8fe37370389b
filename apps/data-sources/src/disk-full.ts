import { DomainError } from '@aimass/platform-errors';

const diskFull = (cause: unknown) =>
  new DomainError(
    'storage_full',
    'data_sources.disk_full',
    'There is no room left on the disk of the service, so nothing was stored. Try again when its operator has made room.',
    { cause },
  );

/** What the system says: no space left, quota exceeded. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** The error, or `data_sources.disk_full` when a full disk is behind it, be it that of Node, or of DuckDB, which says it in words. */
export function asDiskFull(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && FULL_CODES.has(cause.code)) return diskFull(error);
    if (/No space left on device|Disk quota exceeded/i.test(cause.message)) return diskFull(error);
  }
  return error;
}
