import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ElementValue } from './element-types.js';
import { MAX_HEADER_BYTES, parseNpyHeader } from './npy-header.js';
import type { NpyHeader } from './npy-header.js';
import { npyBroken, npyShapeRefused, npyValueRefused } from './numpy.errors.js';

/** In Fortran order the elements of an item lie far apart: such a file is read whole. */
const MAX_FORTRAN_BYTES = 256 * 1024 * 1024;

/** The content of an array in Fortran order. */
interface FortranContent {
  readonly bytes: Buffer;
  /** Place of each element of an item, in row-major order. */
  readonly places: readonly number[];
}

/** An array in a local .npy file, read item by item of its first axis. */
export class NpyArray {
  private constructor(
    /** As it is called in messages and as a column. */
    readonly name: string,
    readonly header: NpyHeader,
    private readonly file: FileHandle,
    private readonly fortran: FortranContent | null,
  ) {}

  /** Opens and checks an array. The caller closes it. */
  static async open(name: string, path: string): Promise<NpyArray> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const head = await readUpTo(file, 0, Math.min(size, MAX_HEADER_BYTES));
      const header = parseNpyHeader(name, head, size);
      if (!header.isFortran) return new NpyArray(name, header, file, null);
      if (size > MAX_FORTRAN_BYTES) {
        throw npyShapeRefused(
          name,
          `it is in Fortran order and has ${size} bytes, of ${MAX_FORTRAN_BYTES} allowed; save numpy.ascontiguousarray of it`,
        );
      }
      const bytes = await readUpTo(file, header.offset, size - header.offset);
      return new NpyArray(name, header, file, { bytes, places: fortranPlaces(header.itemShape) });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The elements of `count` items from item `start`, each item in row-major order. */
  async read(start: number, count: number): Promise<ElementValue[]> {
    const { type, itemCells, offset } = this.header;
    if (this.fortran) return this.readFortran(this.fortran, start, count);
    const itemBytes = itemCells * type.bytes;
    const bytes = await readUpTo(this.file, offset + start * itemBytes, count * itemBytes);
    if (bytes.length < count * itemBytes) throw npyBroken(this.name, 'it ends too early');
    const values = new Array<ElementValue>(count * itemCells);
    for (let index = 0; index < values.length; index++) {
      values[index] = this.checked(type.read(bytes, index * type.bytes), start, index);
    }
    return values;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private readFortran({ bytes, places }: FortranContent, start: number, count: number): ElementValue[] {
    const { type, rowCount } = this.header;
    const values: ElementValue[] = [];
    for (let row = start; row < start + count; row++) {
      for (const place of places) {
        const at = (row + rowCount * place) * type.bytes;
        values.push(this.checked(type.read(bytes, at), start, values.length));
      }
    }
    return values;
  }

  private checked(value: ElementValue, start: number, index: number): ElementValue {
    if (value !== null) return value;
    const row = start + Math.floor(index / this.header.itemCells);
    throw npyValueRefused(this.name, row, 'a text is not UTF-8, or has a NUL within');
  }
}

/** For each element of an item in row-major order, its place among the elements in Fortran order. */
function fortranPlaces(shape: readonly number[]): number[] {
  let places = [0];
  let step = 1;
  for (const length of shape) {
    const [inner, stride] = [places, step];
    places = inner.flatMap((place) => Array.from({ length }, (_, index) => place + index * stride));
    step *= length;
  }
  return places;
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
