import { archiveUnsupported } from './archives.errors.js';

/** Whether a file that starts so is a zip, be it an empty one. */
export function isZip(head: Buffer): boolean {
  return /^PK(\u0003\u0004|\u0005\u0006)/.test(head.toString('latin1', 0, 4));
}

/** What other archives and compressed files start with, at which offset. */
const OTHERS: readonly (readonly [name: string, offset: number, magic: string])[] = [
  ['tar', 257, 'ustar'],
  ['gzip', 0, '\x1f\x8b'],
  ['bzip2', 0, 'BZh'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
  ['7z', 0, '7z\xbc\xaf\x27\x1c'],
  ['rar', 0, 'Rar!\x1a\x07'],
];
/** How much of a file isZip and refuseOtherArchives look at. */
export const MAGIC_BYTES = 512;

/** Throws `archive_unsupported` for an archive that is no zip: the caller hears what to do instead of a parser's error. */
export function refuseOtherArchives(head: Buffer): void {
  for (const [name, offset, magic] of OTHERS) {
    if (head.toString('latin1', offset, offset + magic.length) === magic) {
      throw archiveUnsupported(`The file is a ${name} archive.`);
    }
  }
}
