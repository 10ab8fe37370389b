/** What an element is made of, and how many of them are kept together. */
export interface DatatypeRow {
  readonly kind: 'bool' | 'integer' | 'float' | 'bytes';
  /** Bytes of one element on the wire and in memory; 0 when they vary. */
  readonly size: number;
  /** Smallest and largest value; those of 64-bit integers are rounded to what a number can hold. */
  readonly min: number;
  readonly max: number;
  readonly allocate: (length: number) => TensorArray;
}

/** One BYTES element: text (UTF-8), or bytes that may be anything. */
export type BytesElement = string | Uint8Array;

/** Elements in row-major order, as engines take them. BF16 and FP16 are bit patterns, BOOL is 0 or 1. */
export type TensorArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | BytesElement[];

/** The last double that rounds to a finite 32-bit float. `3.4028235e38`, as many write the largest float, lies below. */
const MAX_FP32 = 2 ** 128 - 2 ** 103 - 2 ** 75;
const MAX_BF16 = 3.3895313892515355e38;

/** The datatypes of the Open Inference Protocol. */
export const DATATYPES = {
  BOOL: { kind: 'bool', size: 1, min: 0, max: 1, allocate: (length) => new Uint8Array(length) },
  UINT8: integer(1, false, (length) => new Uint8Array(length)),
  UINT16: integer(2, false, (length) => new Uint16Array(length)),
  UINT32: integer(4, false, (length) => new Uint32Array(length)),
  UINT64: integer(8, false, (length) => new BigUint64Array(length)),
  INT8: integer(1, true, (length) => new Int8Array(length)),
  INT16: integer(2, true, (length) => new Int16Array(length)),
  INT32: integer(4, true, (length) => new Int32Array(length)),
  INT64: integer(8, true, (length) => new BigInt64Array(length)),
  FP16: float(2, 65504, (length) => new Uint16Array(length)),
  BF16: float(2, MAX_BF16, (length) => new Uint16Array(length)),
  FP32: float(4, MAX_FP32, (length) => new Float32Array(length)),
  FP64: float(8, Number.MAX_VALUE, (length) => new Float64Array(length)),
  BYTES: { kind: 'bytes', size: 0, min: 0, max: 0, allocate: (length) => new Array<BytesElement>(length) },
} as const satisfies Record<string, DatatypeRow>;

export type Datatype = keyof typeof DATATYPES;

/** Whether the text names a datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(DATATYPES, text);
}

function integer(size: number, isSigned: boolean, allocate: DatatypeRow['allocate']): DatatypeRow {
  const bits = 8 * size;
  const [min, max] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return { kind: 'integer', size, min, max, allocate };
}

function float(size: number, max: number, allocate: DatatypeRow['allocate']): DatatypeRow {
  return { kind: 'float', size, min: -max, max, allocate };
}
