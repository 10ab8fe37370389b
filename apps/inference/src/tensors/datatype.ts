/** What an element is made of, and how many of them are kept together. */
export interface DatatypeRow {
  readonly kind: 'bool' | 'integer' | 'float' | 'bytes';
  /** Smallest and largest value; beyond ±(2^53 − 1) JSON is not exact, so 64-bit integers end there. */
  readonly min: number;
  readonly max: number;
  /** Whether elements can be written in JSON; FP16 and BF16 travel as binary tensors only. */
  readonly isJson: boolean;
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

const MAX_FP32 = 3.4028234663852886e38;

/** The datatypes of the Open Inference Protocol. */
export const DATATYPES = {
  BOOL: row('bool', 0, 1, (length) => new Uint8Array(length)),
  UINT8: row('integer', 0, 2 ** 8 - 1, (length) => new Uint8Array(length)),
  UINT16: row('integer', 0, 2 ** 16 - 1, (length) => new Uint16Array(length)),
  UINT32: row('integer', 0, 2 ** 32 - 1, (length) => new Uint32Array(length)),
  UINT64: row('integer', 0, Number.MAX_SAFE_INTEGER, (length) => new BigUint64Array(length)),
  INT8: row('integer', -(2 ** 7), 2 ** 7 - 1, (length) => new Int8Array(length)),
  INT16: row('integer', -(2 ** 15), 2 ** 15 - 1, (length) => new Int16Array(length)),
  INT32: row('integer', -(2 ** 31), 2 ** 31 - 1, (length) => new Int32Array(length)),
  INT64: row(
    'integer',
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    (length) => new BigInt64Array(length),
  ),
  FP16: { ...row('float', -65504, 65504, (length) => new Uint16Array(length)), isJson: false },
  BF16: { ...row('float', -MAX_FP32, MAX_FP32, (length) => new Uint16Array(length)), isJson: false },
  FP32: row('float', -MAX_FP32, MAX_FP32, (length) => new Float32Array(length)),
  FP64: row('float', -Number.MAX_VALUE, Number.MAX_VALUE, (length) => new Float64Array(length)),
  BYTES: row('bytes', 0, 0, (length) => new Array<BytesElement>(length)),
} as const satisfies Record<string, DatatypeRow>;

export type Datatype = keyof typeof DATATYPES;

/** Whether the text names a datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(DATATYPES, text);
}

function row(
  kind: DatatypeRow['kind'],
  min: number,
  max: number,
  allocate: (length: number) => TensorArray,
): DatatypeRow {
  return { kind, min, max, isJson: true, allocate };
}
