import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { archiveUnsafe, shown } from './archives.errors.js';
import type { DirectoryLine } from './zip-entry.js';
import { unicodePath } from './zip-extra.js';

const MAX_NAME_BYTES = 1024;

/**
 * The name of an entry as text: UTF-8, whether the entry says so or not, or the UTF-8 name that Info-ZIP adds. Another
 * encoding is refused, since guessing it could make one name of two.
 */
export function entryName({ nameBytes }: DirectoryLine, fields: ReadonlyMap<number, Buffer>): string {
  const bytes = fields.size === 0 ? nameBytes : (unicodePath(fields, crc32(nameBytes)) ?? nameBytes);
  if (bytes.length > MAX_NAME_BYTES) throw archiveUnsafe(`a name is longer than ${MAX_NAME_BYTES} bytes`);
  if (!isUtf8(bytes)) {
    throw archiveUnsafe(
      `the name ${shown(bytes.toString('latin1'))} is not UTF-8; pack it again with UTF-8 names`,
    );
  }
  const name = bytes.toString('utf8');
  const reason = whyUnsafe(name);
  if (reason !== undefined) throw archiveUnsafe(`the name ${shown(name)} ${reason}`);
  return name;
}

/**
 * Names by what file systems make of them that ignore case and the form of Unicode: on those, one file would replace
 * the other.
 */
export class NamesSeen {
  private readonly entries = new Set<string>();
  private readonly files = new Set<string>();
  /** As they were spelled first. */
  private readonly folders = new Map<string, string>();

  /** Throws when the name is there already, or a file has the name of a folder. */
  add(name: string): void {
    const isFolder = name.endsWith('/');
    const path = isFolder ? name.slice(0, -1) : name;
    const key = foldedName(path);
    if (this.entries.has(key)) throw archiveUnsafe(`the name ${shown(name)} is there twice, in any case`);
    this.entries.add(key);
    if (isFolder) this.addFolder(path, key);
    else this.files.add(key);
    if (!isFolder && this.folders.has(key)) throw fileAndFolder(name);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      if (this.folders.get(parent) === parent) break;
      this.addFolder(parent, foldedName(parent));
    }
  }

  private addFolder(path: string, key: string): void {
    const first = this.folders.get(key);
    if (first !== undefined && first !== path) {
      throw archiveUnsafe(`the folders ${shown(first)} and ${shown(path)} differ in case only`);
    }
    if (this.files.has(key)) throw fileAndFolder(path);
    this.folders.set(key, path);
  }
}

function whyUnsafe(name: string): string | undefined {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'has a control character';
  if (name.includes('\\')) return 'has a backslash';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is absolute';
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (parts.some((part) => part === '' || part === '.')) return 'has an empty part';
  // Names are never decoded here, but who gets them later may do that.
  if (/(^|\/)\.\.(\/|$)/.test(percentDecoded(name))) return 'leaves the archive';
  return undefined;
}

function percentDecoded(name: string): string {
  return name.replaceAll(/%(?:25)*2e/gi, '.').replaceAll(/%(?:25)*(?:2f|5c)/gi, '/');
}

/** What file systems that ignore case or the form of Unicode make of a name. */
function foldedName(name: string): string {
  if (/^[\u0000-\u007f]*$/.test(name)) return name.toLowerCase();
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

function fileAndFolder(name: string) {
  return archiveUnsafe(`the name ${shown(name)} makes a folder of what is a file`);
}
