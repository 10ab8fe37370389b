import { archiveTooLarge, archiveUnsafe, shown } from './archives.errors.js';
import type { ArchiveLimits, ZipEntry } from './zip-entry.js';

/** Content that unpacks to more than so many times its size is taken for a bomb. */
const MAX_RATIO = 100;
/** What is smaller does no harm, however well it packs: a column of zeros packs 1,000 times. */
const HARMLESS_BYTES = 1024 * 1024;
const LOCAL_HEADER_BYTES = 30;

/** Throws when the stated sizes are above the limits, or pack too well to be honest. */
export function checkSizes(entries: readonly ZipEntry[], fileBytes: number, limits: ArchiveLimits): void {
  let totalBytes = 0;
  for (const { name, sizeBytes, compressedBytes } of entries) {
    if (sizeBytes > limits.entryBytes) {
      throw archiveTooLarge(`${shown(name)} unpacks to ${sizeBytes} bytes, of ${limits.entryBytes} allowed`);
    }
    if (isBomb(sizeBytes, compressedBytes)) throw archiveTooLarge(ratioOf(shown(name)));
    totalBytes += sizeBytes;
  }
  if (totalBytes > limits.totalBytes) {
    throw archiveTooLarge(`it unpacks to ${totalBytes} bytes, of ${limits.totalBytes} allowed`);
  }
  if (isBomb(totalBytes, fileBytes)) throw archiveTooLarge(ratioOf('it'));
}

/** Throws when entries share bytes of the file or reach into the directory, as bombs of one kernel do. */
export function checkNoOverlap(entries: readonly ZipEntry[], directoryOffset: number): void {
  const sorted = entries.toSorted((one, other) => one.headerOffset - other.headerOffset);
  for (const [index, entry] of sorted.entries()) {
    const next = sorted[index + 1]?.headerOffset ?? directoryOffset;
    if (entry.headerOffset + LOCAL_HEADER_BYTES + entry.nameBytes.length + entry.compressedBytes > next) {
      throw archiveUnsafe(`${shown(entry.name)} overlaps what follows it`);
    }
  }
}

function isBomb(sizeBytes: number, packedBytes: number): boolean {
  return sizeBytes > HARMLESS_BYTES && sizeBytes > MAX_RATIO * packedBytes;
}

function ratioOf(what: string): string {
  return `${what} unpacks to more than ${MAX_RATIO} times its size`;
}
