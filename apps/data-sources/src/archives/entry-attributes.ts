import { archiveUnsafe, archiveUnsupported, shown } from './archives.errors.js';
import type { DirectoryLine } from './zip-entry.js';
import { isLinkByExtra } from './zip-extra.js';

/** General purpose flags (APPNOTE 4.4.4). */
export const FLAG = {
  encrypted: 1,
  hasDescriptor: 8,
  strongEncryption: 0x40,
  maskedHeaders: 0x2000,
} as const;
/** Methods of compression that are read. */
export const METHOD = { stored: 0, deflated: 8 } as const;

const UNIX_TYPE = 0o170000;
const UNIX_FILE = 0o100000;
const UNIX_FOLDER = 0o040000;
const UNIX_SETUID = 0o4000;
const UNIX_SETGID = 0o2000;
const DOS_VOLUME = 0x08;
const DOS_DEVICE = 0x40;
const DOS_REPARSE_POINT = 0x400;

/** Throws when an entry is anything but a plain file or a folder that can be read. */
export function checkAttributes(
  line: DirectoryLine,
  name: string,
  fields: ReadonlyMap<number, Buffer>,
): void {
  const isFolder = name.endsWith('/');
  const mode = line.attributes >>> 16;
  const refuse = (what: string) => archiveUnsafe(`${shown(name)} is ${what}`);
  // Checked for every system: the reader of another would take the mode for its own.
  const type = mode & UNIX_TYPE;
  if (type !== 0 && type !== (isFolder ? UNIX_FOLDER : UNIX_FILE)) throw refuse(typeName(type));
  if ((line.attributes & (DOS_VOLUME | DOS_DEVICE | DOS_REPARSE_POINT)) !== 0) {
    throw refuse('a link, a device or a volume');
  }
  if (isLinkByExtra(fields)) throw refuse('a link');
  // A folder may well hand its group on; a file may not run as somebody else.
  if ((mode & (isFolder ? UNIX_SETUID : UNIX_SETUID | UNIX_SETGID)) !== 0) throw refuse('setuid or setgid');
  if (isFolder && line.sizeBytes > 0) throw refuse('a folder with content');
  checkPacking(line, name);
}

function checkPacking({ flags, method, compressedBytes, sizeBytes }: DirectoryLine, name: string): void {
  if ((flags & (FLAG.encrypted | FLAG.strongEncryption | FLAG.maskedHeaders)) !== 0) {
    throw archiveUnsupported(`${shown(name)} is encrypted.`);
  }
  if (method !== METHOD.stored && method !== METHOD.deflated) {
    throw archiveUnsupported(`${shown(name)} is packed by method ${method}.`);
  }
  if (method === METHOD.stored && compressedBytes !== sizeBytes) {
    throw archiveUnsafe(`${shown(name)} is stored with two sizes`);
  }
}

function typeName(type: number): string {
  const names: Readonly<Record<number, string>> = {
    0o010000: 'a named pipe',
    0o020000: 'a device',
    0o040000: 'a folder with the name of a file',
    0o060000: 'a device',
    0o100000: 'a file with the name of a folder',
    0o120000: 'a link',
    0o140000: 'a socket',
  };
  return names[type] ?? 'of an unknown type';
}
