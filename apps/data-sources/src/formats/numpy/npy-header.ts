import { npyBroken, npyShapeRefused, npyTypeUnsupported, pickleRefused } from './numpy.errors.js';
import { elementType } from './element-types.js';
import type { ElementType } from './element-types.js';

/** What the first bytes of a .npy file are. */
export const NPY_MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** The longest header that is read, NumPy's own limit, and what stands before it. */
export const MAX_HEADER_BYTES = 10_000 + 12;
const MAX_AXES = 32;
/** Of one item of the first axis. */
const MAX_ITEM_CELLS = 4 * 1024 * 1024;

/** What a .npy file holds, checked against its size. */
export interface NpyHeader {
  readonly type: ElementType;
  readonly isFortran: boolean;
  /** Length of the first axis; at least 1. */
  readonly rowCount: number;
  /** The other axes. */
  readonly itemShape: readonly number[];
  /** Elements of one item; at least 1. */
  readonly itemCells: number;
  /** Where the elements start. */
  readonly offset: number;
}

/** Reads the header at the start of a file of `fileBytes` bytes. Throws for what is not read or does not fit the file. */
export function parseNpyHeader(array: string, head: Buffer, fileBytes: number): NpyHeader {
  const { text, offset } = headerText(array, head);
  const { descr, isFortran, shape } = parseDictionary(array, text);
  const type = elementType(descr);
  if (!type) throw npyTypeUnsupported(array, descr);
  const [rowCount, ...itemShape] = shape;
  if (rowCount === undefined) throw npyShapeRefused(array, 'it has no axis: a single value is no table');
  const cells = shape.reduce((product, length) => product * BigInt(length), 1n);
  if (cells === 0n) throw npyShapeRefused(array, 'it has no element');
  if (BigInt(offset) + cells * BigInt(type.bytes) !== BigInt(fileBytes)) {
    throw npyBroken(array, `its shape needs other than the ${fileBytes - offset} bytes that it has`);
  }
  const itemCells = itemShape.reduce((product, length) => product * length, 1);
  if (itemCells > MAX_ITEM_CELLS) {
    throw npyShapeRefused(array, `an item has ${itemCells} elements; at most ${MAX_ITEM_CELLS} are allowed`);
  }
  return { type, isFortran: isFortran && itemCells > 1, rowCount, itemShape, itemCells, offset };
}

function headerText(array: string, head: Buffer): { text: string; offset: number } {
  if (head.length < 12 || !head.subarray(0, 6).equals(NPY_MAGIC)) {
    throw npyBroken(array, 'it does not start as one');
  }
  const version = head.readUInt8(6);
  if (version < 1 || version > 3) throw npyBroken(array, `it has the version ${version}`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (start + length > Math.min(head.length, MAX_HEADER_BYTES)) {
    throw npyBroken(array, 'its header is cut, or longer than 10,000 bytes');
  }
  const bytes = head.subarray(start, start + length);
  return { text: bytes.toString(version === 3 ? 'utf8' : 'latin1'), offset: start + length };
}

/** The three entries of the header's dictionary, as NumPy writes them. */
const ENTRY =
  /\s*'(?:(descr)'\s*:\s*'([^'\\]*)'|(fortran_order)'\s*:\s*(True|False)|(shape)'\s*:\s*\(([0-9,\s]*)\))\s*(?:,|(?=\}))/y;

interface Dictionary {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

function parseDictionary(array: string, text: string): Dictionary {
  if (/'descr'\s*:\s*'[<>|=]?O/.test(text) || /'\|?O\d*'/.test(text)) throw pickleRefused(array);
  if (/'descr'\s*:\s*[[(]/.test(text)) throw npyTypeUnsupported(array, 'record');
  const entries = dictionaryEntries(text);
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((key) => entries?.get(key));
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw npyBroken(array, 'its header is not as NumPy writes it');
  }
  return { descr, isFortran: fortran === 'True', shape: parseShape(array, shape) };
}

/** The entries by key, as text; null when there is anything else between the braces or behind them. */
function dictionaryEntries(text: string): ReadonlyMap<string, string> | null {
  if (!text.startsWith('{')) return null;
  const entries = new Map<string, string>();
  let at = 1;
  for (;;) {
    ENTRY.lastIndex = at;
    const groups = ENTRY.exec(text)?.filter((group) => typeof group === 'string');
    if (!groups) break;
    const [, key = '', value = ''] = groups;
    entries.set(key, value);
    at = ENTRY.lastIndex;
  }
  return /^\s*\}\s*$/.test(text.slice(at)) ? entries : null;
}

/** `3,` and `3, 4` and nothing at all, as Python writes tuples. */
function parseShape(array: string, text: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const lengths = parts.map(Number);
  const isShape = parts.every((part) => /^[0-9]+$/.test(part)) && lengths.every(Number.isSafeInteger);
  if (!isShape || lengths.length > MAX_AXES)
    throw npyShapeRefused(array, 'it is none that a file could have');
  return lengths;
}
