import { archiveUnsupported } from '../archives/archives.errors.js';
import { MAGIC_BYTES, isZip, refuseOtherArchives } from '../archives/magic.js';
import { ZipArchive } from '../archives/zip-archive.js';
import type { FetchedFile } from '../connectors/connector.js';
import { headOf } from './only-file.js';

/** What an archive that becomes a version may hold; that it packs at most 100 times bounds it further. */
const LIMITS = {
  entryCount: 200_000,
  totalBytes: 64 * 1024 ** 3,
  entryBytes: 64 * 1024 ** 3,
};
/** Where the name of the first entry stands. */
const FIRST_NAME_LENGTH_AT = 26;
const FIRST_NAME_AT = 30;

/** Opens a file as a zip and runs `work` on it. Throws what ZipArchive throws, and says so when it is another archive. */
export async function withZip<T>(file: FetchedFile, work: (archive: ZipArchive) => Promise<T>): Promise<T> {
  const head = await headOf(file.path, MAGIC_BYTES);
  refuseOtherArchives(head);
  if (!isZip(head)) throw archiveUnsupported('The file is no zip archive.');
  const archive = await ZipArchive.open(file.path, LIMITS);
  try {
    return await work(archive);
  } finally {
    await archive.close();
  }
}

/** The name of the first entry of a zip as it stands in the file, to recognise what it holds; null when it is no zip. */
export async function firstZippedName(file: FetchedFile): Promise<string | null> {
  const head = await headOf(file.path, MAGIC_BYTES);
  if (!isZip(head)) return null;
  if (head.length < FIRST_NAME_AT) return '';
  const length = head.readUInt16LE(FIRST_NAME_LENGTH_AT);
  return head.toString('latin1', FIRST_NAME_AT, FIRST_NAME_AT + length);
}
