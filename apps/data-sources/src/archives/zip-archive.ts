import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { checkNoOverlap, checkSizes } from './archive-limits.js';
import { archiveBroken, archiveTooLarge, archiveUnsafe, shown } from './archives.errors.js';
import { FLAG, checkAttributes } from './entry-attributes.js';
import { NamesSeen, entryName } from './entry-names.js';
import { inflated, inflatedWhole } from './inflate.js';
import { readAt, readDirectory } from './zip-directory.js';
import type { ArchiveLimits, DirectoryLine, ZipEntry } from './zip-entry.js';
import { extraFields } from './zip-extra.js';

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const CHUNK_BYTES = 256 * 1024;
const LINES_PER_TURN = 2000;

/**
 * A zip that was checked as a whole before anything of it is read: names, attributes, sizes, overlaps. Entries are read
 * by the archive's own list, never by a path: no name from inside it reaches the file system. An archive within an
 * archive is a file like any other and is never opened.
 */
export class ZipArchive {
  private constructor(
    private readonly file: FileHandle,
    /** Files and folders in the order of the directory. */
    readonly entries: readonly ZipEntry[],
  ) {}

  /**
   * Opens a local file that nobody else can change. The caller closes it. Throws `archive_unsafe`, `archive_too_large`,
   * `archive_broken` or `archive_unsupported`.
   */
  static async open(path: string, limits: ArchiveLimits): Promise<ZipArchive> {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { lines, offset } = await readDirectory(file, limits.entryCount);
      const entries = await checkedEntries(lines);
      checkNoOverlap(entries, offset);
      checkSizes(entries, (await file.stat()).size, limits);
      return new ZipArchive(file, entries);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A file of at most `limitBytes`, whole. Throws when it is larger, damaged, or not what the directory says. */
  async read(entry: ZipEntry, limitBytes: number): Promise<Buffer> {
    if (entry.sizeBytes > limitBytes) {
      throw archiveTooLarge(`${shown(entry.name)} has ${entry.sizeBytes} bytes, of ${limitBytes} allowed`);
    }
    const packed = await readAt(this.file, await this.contentOffset(entry), entry.compressedBytes);
    return inflatedWhole(packed, entry);
  }

  /** A file as a stream, holding little. Fails at the first byte too many, and at its end when it is damaged. */
  async stream(entry: ZipEntry): Promise<Readable> {
    const start = await this.contentOffset(entry);
    return Readable.from(inflated(this.chunks(start, entry.compressedBytes), entry), { objectMode: false });
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async *chunks(start: number, length: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      yield await readAt(this.file, start + at, Math.min(CHUNK_BYTES, length - at));
    }
  }

  /** Where the content starts. Throws when the header before it says something else than the directory. */
  private async contentOffset(entry: ZipEntry): Promise<number> {
    const fixedBytes = LOCAL_HEADER_BYTES + entry.nameBytes.length;
    const header = await readAt(this.file, entry.headerOffset, fixedBytes);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) {
      throw archiveBroken(`the header of ${shown(entry.name)} is missing`);
    }
    if (!isSameEntry(header, entry)) {
      throw archiveUnsafe(`the header of ${shown(entry.name)} differs from the directory`);
    }
    return entry.headerOffset + fixedBytes + header.readUInt16LE(28);
  }
}

/** Lets others have a turn now and then: a directory may have very many lines. */
async function checkedEntries(lines: readonly DirectoryLine[]): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  const names = new NamesSeen();
  for (const line of lines) {
    const entry = checkedEntry(line);
    names.add(entry.name);
    entries.push(entry);
    if (entries.length % LINES_PER_TURN === 0) await setImmediate();
  }
  return entries;
}

function checkedEntry(line: DirectoryLine): ZipEntry {
  const fields = extraFields(line.extra);
  const name = entryName(line, fields);
  checkAttributes(line, name, fields);
  return { ...line, name, isFolder: name.endsWith('/') };
}

function isSameEntry(header: Buffer, { nameBytes, flags, method, crc32 }: ZipEntry): boolean {
  const hasDescriptor = (flags & FLAG.hasDescriptor) !== 0;
  return (
    header.readUInt16LE(6) === flags &&
    header.readUInt16LE(8) === method &&
    (hasDescriptor || header.readUInt32LE(14) === crc32) &&
    header.readUInt16LE(26) === nameBytes.length &&
    header.subarray(LOCAL_HEADER_BYTES).equals(nameBytes)
  );
}
