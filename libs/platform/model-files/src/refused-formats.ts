import type { ModelFile } from './model-file.js';
import { formatUnsupported } from './model-files.errors.js';

/** Bytes at the start of a file that tell what it is. */
export const HEAD_BYTES = 512;
/** A ZIP archive's directory is told by its last bytes: 22 and a comment of at most 65,535. */
const TAIL_BYTES = 22 + 65_535;
const TAR_MAGIC_AT = 257;

const text = (value: string): number[] => Array.from(Buffer.from(value, 'latin1'));

/** Long enough that no weights begin with them by chance. */
const MAGIC: readonly (readonly [readonly number[], string])[] = [
  [[...text('PK'), 3, 4], 'a ZIP archive, as .pt, .keras, .mar and .npz files are'],
  [[...text('PK'), 5, 6], 'a ZIP archive'],
  [[0x89, ...text('HDF\r\n')], 'HDF5, as .h5 files are'],
  [[0x93, ...text('NUMPY')], 'a NumPy array'],
  [[0x7f, ...text('ELF')], 'a program'],
  [[0xfd, ...text('7zXZ')], 'an XZ archive'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a Zstandard archive'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive'],
  [text('ZF0x'), 'a joblib file'],
];

/** Two bytes tell them: so only of files that are not known to be weights. */
const SHORT_MAGIC: readonly (readonly [readonly number[], string])[] = [
  ...[2, 3, 4, 5].map((protocol) => [[0x80, protocol], 'a Python pickle'] as const),
  [[0x1f, 0x8b], 'a gzip archive'],
  ...[0x01, 0x5e, 0x9c, 0xda].map((level) => [[0x78, level], 'compressed, as joblib files are'] as const),
  [text('BZh'), 'a bzip2 archive'],
  [text('MZ'), 'a program'],
];

/** A pickle of protocol 0 or 1 is text or nearly: a global, or a mark and what is put after it. */
const TEXT_PICKLE =
  /^(?:c[\w.]+\n[\w.]+\n|\((?:[lditc]|[SVIFL][^\n]*\n)|[\]}]q?[\u0000-\u00ff]?\(?|[VSIFLN][^\n]*\n)[^]*\.\s*$/;

/** Refuses, by its first and last bytes, a file that is an archive or a program, whatever its name. Throws 415. */
export async function refuseArchive(file: ModelFile, head: Uint8Array): Promise<void> {
  const start = Math.max(0, file.sizeBytes - TAIL_BYTES);
  const tail = await file.read(start, file.sizeBytes);
  const what = named(head, MAGIC) ?? tarOf(head) ?? zipAtEnd(tail);
  if (what !== undefined) throw formatUnsupported(file.path, what);
}

/** What a file that is no model here is, for people. */
export function describeUnknown(head: Uint8Array): string {
  const isTextPickle = TEXT_PICKLE.test(Buffer.from(head).toString('latin1'));
  return named(head, SHORT_MAGIC) ?? (isTextPickle ? 'a Python pickle' : 'of no format known here');
}

/** Whether a whole small file is text for people: UTF-8 without control characters, and no pickle. */
export function isPlainText(content: Uint8Array): boolean {
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return false;
  }
  return (
    !/[\u0000-\u0008\u000e-\u001f\u007f]/.test(decoded) && !/^(?:c[\w.]+\n[\w.]+\n|\()[^]*\.$/.test(decoded)
  );
}

function named(head: Uint8Array, table: typeof MAGIC): string | undefined {
  return table.find(([magic]) => magic.every((byte, index) => head[index] === byte))?.[1];
}

function tarOf(head: Uint8Array): string | undefined {
  const magic = Buffer.from(head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5)).toString('latin1');
  return magic === 'ustar' ? 'a tar archive' : undefined;
}

/**
 * The end of a ZIP archive's directory: its mark, and four zeros for the numbers of disks. Readers look for it from the
 * end and forgive what follows, so that any file can be an archive as well as what it seems.
 */
function zipAtEnd(tail: Uint8Array): string | undefined {
  const mark = Buffer.from([...text('PK'), 5, 6, 0, 0, 0, 0]);
  return Buffer.from(tail.buffer, tail.byteOffset, tail.length).includes(mark)
    ? 'also a ZIP archive'
    : undefined;
}
