import type { FileHandle } from 'node:fs/promises';
import { archiveBroken, archiveTooLarge, archiveUnsafe, archiveUnsupported } from './archives.errors.js';
import type { DirectoryLine } from './zip-entry.js';
import { extraFields, safeInteger, zip64Values } from './zip-extra.js';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const LINE_SIGNATURE = 0x02014b50;
const LINE_BYTES = 46;
/** The directory is held in memory. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const ALL_ONES_16 = 0xffff;
const ALL_ONES_32 = 0xffffffff;

/** Where the directory is, and how many lines it has. */
interface DirectoryPlace {
  readonly entryCount: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** A central directory: its lines in their order, and where it starts. */
export interface Directory {
  readonly lines: readonly DirectoryLine[];
  readonly offset: number;
}

/**
 * Reads the central directory of a zip. It must lie where its end says, have as many lines as stated, and nothing may
 * follow: else readers could differ about what the archive holds. Refuses more than `maxEntries` before it reads one.
 */
export async function readDirectory(file: FileHandle, maxEntries: number): Promise<Directory> {
  const { size } = await file.stat();
  const place = await findDirectory(file, size);
  if (place.entryCount > maxEntries) {
    throw archiveTooLarge(`it has ${place.entryCount} entries; at most ${maxEntries} are allowed`);
  }
  if (place.sizeBytes > MAX_DIRECTORY_BYTES) throw archiveTooLarge('its directory is longer than 64 MiB');
  const bytes = await readAt(file, place.offset, place.sizeBytes);
  return { lines: parseLines(bytes, place), offset: place.offset };
}

/** Exactly `length` bytes from `offset`. Throws when the file is shorter. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw archiveBroken('it ends too early');
    filled += bytesRead;
  }
  return bytes;
}

async function findDirectory(file: FileHandle, size: number): Promise<DirectoryPlace> {
  if (size < END_BYTES) throw archiveBroken('it is too short for a zip');
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT_BYTES + ZIP64_LOCATOR_BYTES);
  const tail = await readAt(file, size - tailBytes, tailBytes);
  const at = findEnd(tail);
  const endOffset = size - tailBytes + at;
  const record = tail.subarray(at);
  const locator = tail.subarray(Math.max(0, at - ZIP64_LOCATOR_BYTES), at);
  const isZip64 =
    locator.length === ZIP64_LOCATOR_BYTES && locator.readUInt32LE(0) === ZIP64_LOCATOR_SIGNATURE;
  const place = isZip64
    ? agreeing(await readZip64End(file, locator, endOffset - ZIP64_LOCATOR_BYTES), record)
    : readEnd(record, endOffset);
  if (place.offset + place.sizeBytes !== place.end) {
    throw archiveUnsafe('its directory does not lie where its end says');
  }
  return place;
}

/** The one place in the last bytes that is an end record whose comment ends the file. */
function findEnd(tail: Buffer): number {
  let found: number | undefined;
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    if (found !== undefined) throw archiveUnsafe('it has two ends, so that readers could differ');
    found = at;
  }
  if (found === undefined) throw archiveBroken('its end is missing: the file is cut or is no zip');
  return found;
}

type Place = DirectoryPlace & { readonly end: number };

function readEnd(record: Buffer, end: number): Place {
  const entryCount = record.readUInt16LE(10);
  if (record.readUInt16LE(4) !== 0 || record.readUInt16LE(8) !== entryCount) throw severalDisks();
  const [sizeBytes, offset] = [record.readUInt32LE(12), record.readUInt32LE(16)];
  if (entryCount === ALL_ONES_16 || sizeBytes === ALL_ONES_32 || offset === ALL_ONES_32) {
    throw archiveBroken('its large end record is missing');
  }
  return { entryCount, sizeBytes, offset, end };
}

async function readZip64End(file: FileHandle, locator: Buffer, locatorOffset: number): Promise<Place> {
  const offset = safeInteger(locator.readBigUInt64LE(8));
  if (locator.readUInt32LE(4) !== 0 || locator.readUInt32LE(16) > 1) throw severalDisks();
  if (offset + ZIP64_END_BYTES > locatorOffset) throw archiveBroken('its large end record is misplaced');
  const record = await readAt(file, offset, ZIP64_END_BYTES);
  const isWhole =
    record.readUInt32LE(0) === ZIP64_END_SIGNATURE &&
    offset + 12 + safeInteger(record.readBigUInt64LE(4)) === locatorOffset;
  if (!isWhole) throw archiveBroken('its large end record is damaged');
  const entryCount = safeInteger(record.readBigUInt64LE(32));
  if (record.readUInt32LE(16) !== 0 || safeInteger(record.readBigUInt64LE(24)) !== entryCount) {
    throw severalDisks();
  }
  return {
    entryCount,
    sizeBytes: safeInteger(record.readBigUInt64LE(40)),
    offset: safeInteger(record.readBigUInt64LE(48)),
    end: offset,
  };
}

/** A reader that knows no large records would take the short values: they may not say something else. */
function agreeing(place: Place, record: Buffer): Place {
  const isSame = (short: number, allOnes: number, large: number) => short === allOnes || short === large;
  if (
    !isSame(record.readUInt16LE(10), ALL_ONES_16, place.entryCount) ||
    !isSame(record.readUInt32LE(12), ALL_ONES_32, place.sizeBytes) ||
    !isSame(record.readUInt32LE(16), ALL_ONES_32, place.offset)
  ) {
    throw archiveUnsafe('its two end records differ');
  }
  return place;
}

function parseLines(bytes: Buffer, { entryCount }: DirectoryPlace): DirectoryLine[] {
  const lines: DirectoryLine[] = [];
  let at = 0;
  while (lines.length < entryCount) {
    const { line, end } = parseLine(bytes, at);
    lines.push(line);
    at = end;
  }
  if (at !== bytes.length) throw archiveUnsafe('its directory has more lines than it states');
  return lines;
}

function parseLine(bytes: Buffer, at: number): { line: DirectoryLine; end: number } {
  if (at + LINE_BYTES > bytes.length || bytes.readUInt32LE(at) !== LINE_SIGNATURE) {
    throw archiveBroken('its directory is damaged');
  }
  const nameStart = at + LINE_BYTES;
  const nameEnd = nameStart + bytes.readUInt16LE(at + 28);
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
  const end = extraEnd + bytes.readUInt16LE(at + 32);
  if (end > bytes.length) throw archiveBroken('its directory is damaged');
  const extra = bytes.subarray(nameEnd, extraEnd);
  const [sizeBytes, compressedBytes, headerOffset] = withZip64(extra, [
    bytes.readUInt32LE(at + 24),
    bytes.readUInt32LE(at + 20),
    bytes.readUInt32LE(at + 42),
  ]);
  if (bytes.readUInt16LE(at + 34) !== 0) throw severalDisks();
  const line = {
    nameBytes: bytes.subarray(nameStart, nameEnd),
    extra,
    madeBy: bytes.readUInt16LE(at + 4),
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    crc32: bytes.readUInt32LE(at + 16),
    compressedBytes,
    sizeBytes,
    attributes: bytes.readUInt32LE(at + 38),
    headerOffset,
  };
  return { line, end };
}

/** Replaces the values that are all ones by those of the extra field for large entries. */
function withZip64(extra: Buffer, short: readonly [number, number, number]): [number, number, number] {
  const large = short.filter((value) => value === ALL_ONES_32).length;
  const values = large === 0 ? [] : zip64Values(extraFields(extra), large);
  const [size, compressed, offset] = short.map((value) =>
    value === ALL_ONES_32 ? (values.shift() ?? value) : value,
  );
  return [size ?? 0, compressed ?? 0, offset ?? 0];
}

function severalDisks() {
  return archiveUnsupported('The archive spans several files.');
}
