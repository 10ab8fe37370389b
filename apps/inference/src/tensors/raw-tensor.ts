import { isUtf8 } from 'node:buffer';
import { DATATYPES } from './datatype.js';
import type { BytesElement, Datatype, TensorArray } from './datatype.js';

/** Bytes before each BYTES element that say how long it is. */
const LENGTH_BYTES = 4;

/** A BYTES element costs as much as a hundred numbers; more of them would hold the event loop up. */
const MAX_BYTES_ELEMENTS = 2 ** 18;

type FixedArray = Exclude<TensorArray, BytesElement[]>;

/** Makes typed arrays over memory that is there already. */
const VIEWS: Record<
  Exclude<Datatype, 'BYTES'>,
  (memory: ArrayBufferLike, at: number, n: number) => FixedArray
> = {
  BOOL: (memory, at, n) => new Uint8Array(memory, at, n),
  UINT8: (memory, at, n) => new Uint8Array(memory, at, n),
  UINT16: (memory, at, n) => new Uint16Array(memory, at, n),
  UINT32: (memory, at, n) => new Uint32Array(memory, at, n),
  UINT64: (memory, at, n) => new BigUint64Array(memory, at, n),
  INT8: (memory, at, n) => new Int8Array(memory, at, n),
  INT16: (memory, at, n) => new Int16Array(memory, at, n),
  INT32: (memory, at, n) => new Int32Array(memory, at, n),
  INT64: (memory, at, n) => new BigInt64Array(memory, at, n),
  FP16: (memory, at, n) => new Uint16Array(memory, at, n),
  BF16: (memory, at, n) => new Uint16Array(memory, at, n),
  FP32: (memory, at, n) => new Float32Array(memory, at, n),
  FP64: (memory, at, n) => new Float64Array(memory, at, n),
};

/**
 * A tensor's raw bytes (little-endian, row-major, no padding) as elements. A fixed-size datatype gives a view of the bytes
 * when they are aligned, else a copy. Gives text that says what is wrong when the bytes are not exactly `count` elements.
 */
export function fromRaw(bytes: Uint8Array, datatype: Datatype, count: number): TensorArray | string {
  if (datatype === 'BYTES') return fromRawBytes(bytes, count);
  const { size } = DATATYPES[datatype];
  if (bytes.length !== count * size) {
    return `has ${bytes.length} bytes, ${count} elements of ${datatype} need ${count * size}`;
  }
  if (datatype === 'BOOL') {
    for (let i = 0; i < count; i++) {
      if ((bytes[i] ?? 0) > 1) return `has the byte ${bytes[i]} at ${i}; BOOL takes 0 or 1`;
    }
  }
  const { buffer, byteOffset } = bytes;
  if (byteOffset % size === 0) return VIEWS[datatype](buffer, byteOffset, count);
  return VIEWS[datatype](buffer.slice(byteOffset, byteOffset + bytes.length), 0, count);
}

/** Why so many BYTES elements are not read; undefined when they are. */
export function tooManyBytesElements(count: number): string | undefined {
  if (count <= MAX_BYTES_ELEMENTS) return undefined;
  return `has ${count} elements of BYTES, more than ${MAX_BYTES_ELEMENTS}: send fewer rows per request`;
}

/** Elements that are UTF-8 become text, since that is what engines compute with; the others stay bytes. */
function fromRawBytes(bytes: Uint8Array, count: number): BytesElement[] | string {
  // Before anything as long as the caller says is allocated.
  if (count * LENGTH_BYTES > bytes.length) {
    return `has ${bytes.length} bytes, too few for ${count} elements of BYTES with ${LENGTH_BYTES}-byte lengths`;
  }
  const tooMany = tooManyBytesElements(count);
  if (tooMany !== undefined) return tooMany;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements = new Array<BytesElement>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + LENGTH_BYTES > data.length) return `ends inside the length of element ${i}`;
    const start = at + LENGTH_BYTES;
    const end = start + data.readUInt32LE(at);
    if (end > data.length) return `ends inside element ${i}`;
    const element = data.subarray(start, end);
    elements[i] = isUtf8(element) ? element.toString('utf8') : element;
    at = end;
  }
  return at === data.length ? elements : `has ${data.length - at} bytes after its last element`;
}

/** Elements from `start` to `end` as raw bytes: a view for fixed-size datatypes, a new buffer for BYTES. */
export function toRaw(data: TensorArray, start: number, end: number): Uint8Array {
  if (Array.isArray(data)) return toRawBytes(data, start, end);
  const size = data.BYTES_PER_ELEMENT;
  return new Uint8Array(data.buffer, data.byteOffset + start * size, (end - start) * size);
}

function toRawBytes(elements: readonly BytesElement[], start: number, end: number): Buffer {
  let length = 0;
  for (let i = start; i < end; i++) length += LENGTH_BYTES + Buffer.byteLength(elements[i] ?? '');
  const raw = Buffer.allocUnsafe(length);
  let at = 0;
  for (let i = start; i < end; i++) {
    const element = elements[i] ?? '';
    if (typeof element === 'string') {
      const written = raw.write(element, at + LENGTH_BYTES, 'utf8');
      raw.writeUInt32LE(written, at);
      at += LENGTH_BYTES + written;
    } else {
      raw.writeUInt32LE(element.length, at);
      raw.set(element, at + LENGTH_BYTES);
      at += LENGTH_BYTES + element.length;
    }
  }
  return raw;
}
