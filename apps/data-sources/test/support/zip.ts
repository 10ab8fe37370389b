import { crc32, deflateRawSync } from 'node:zlib';

/** An entry to pack; what is left out is as an honest packer would have it. */
export interface TestEntry {
  readonly name: string | Buffer;
  readonly content?: Buffer;
  readonly method?: number;
  /** Content as it stands in the file, instead of what the method makes of `content`. */
  readonly packed?: Buffer;
  readonly flags?: number;
  readonly mode?: number;
  readonly madeBy?: number;
  readonly dosAttributes?: number;
  readonly extra?: Buffer;
  readonly crc?: number;
  readonly sizeBytes?: number;
  /** Name in the local header, when it shall differ. */
  readonly localName?: string;
  /** Offset of the local header in the directory, when it shall lie. */
  readonly headerOffset?: number;
}

/** What shall be wrong with the archive as a whole. */
export interface TestArchive {
  readonly comment?: Buffer;
  readonly entryCount?: number;
  readonly directoryOffset?: number;
  readonly trailer?: Buffer;
}

/** Writes a zip of any entries, honest or hostile. */
export function zipOf(entries: readonly TestEntry[], archive: TestArchive = {}): Buffer {
  const files: Buffer[] = [];
  const lines: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, line } = packed(entry, offset);
    files.push(local);
    lines.push(line);
    offset += local.length;
  }
  const directory = Buffer.concat(lines);
  const comment = archive.comment ?? Buffer.alloc(0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE((archive.entryCount ?? entries.length) & 0xffff, 8);
  end.writeUInt16LE((archive.entryCount ?? entries.length) & 0xffff, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(archive.directoryOffset ?? offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...files, directory, end, comment, archive.trailer ?? Buffer.alloc(0)]);
}

/** What an honest packer would write, overridden by what the test asks for. */
function completed(entry: TestEntry, offset: number) {
  const content = entry.content ?? Buffer.alloc(0);
  const method = entry.method ?? 8;
  return {
    method,
    packed: method === 8 ? deflateRawSync(content) : content,
    flags: 0x800,
    mode: 0,
    madeBy: 3,
    dosAttributes: 0,
    extra: Buffer.alloc(0),
    crc: crc32(content),
    sizeBytes: content.length,
    localName: entry.name,
    headerOffset: offset,
    ...entry,
  };
}

function packed(entry: TestEntry, offset: number): { local: Buffer; line: Buffer } {
  const all = completed(entry, offset);
  const name = Buffer.from(all.name as string);
  const localName = Buffer.from(all.localName as string);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(all.flags, 2);
  common.writeUInt16LE(all.method, 4);
  common.writeUInt32LE(all.crc, 10);
  common.writeUInt32LE(all.packed.length, 14);
  common.writeUInt32LE(all.sizeBytes, 18);
  common.writeUInt16LE(localName.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, localName, all.packed]);
  const lineStart = Buffer.from('PK\u0001\u0002\u0014\u0000');
  lineStart.writeUInt8(all.madeBy, 5);
  const lineCommon = Buffer.from(common);
  lineCommon.writeUInt16LE(name.length, 22);
  lineCommon.writeUInt16LE(all.extra.length, 24);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((all.mode << 16) | all.dosAttributes) >>> 0, 6);
  tail.writeUInt32LE(all.headerOffset, 10);
  return { local, line: Buffer.concat([lineStart, lineCommon, tail, name, all.extra]) };
}
