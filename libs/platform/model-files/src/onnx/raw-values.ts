/** Values of a tensor as a caller gives them: numbers, 64-bit integers, text (BYTES only), or the raw little-endian bytes. */
export type TensorValues = Uint8Array | readonly (number | bigint | boolean)[];

type Write = (view: DataView, at: number, value: number | bigint) => void;

const WRITERS: Readonly<Record<string, { bytes: number; write: Write }>> = {
  BOOL: { bytes: 1, write: (view, at, value) => view.setUint8(at, value ? 1 : 0) },
  UINT8: { bytes: 1, write: (view, at, value) => view.setUint8(at, Number(value)) },
  INT8: { bytes: 1, write: (view, at, value) => view.setInt8(at, Number(value)) },
  UINT16: { bytes: 2, write: (view, at, value) => view.setUint16(at, Number(value), true) },
  INT16: { bytes: 2, write: (view, at, value) => view.setInt16(at, Number(value), true) },
  UINT32: { bytes: 4, write: (view, at, value) => view.setUint32(at, Number(value), true) },
  INT32: { bytes: 4, write: (view, at, value) => view.setInt32(at, Number(value), true) },
  UINT64: { bytes: 8, write: (view, at, value) => view.setBigUint64(at, BigInt(value), true) },
  INT64: { bytes: 8, write: (view, at, value) => view.setBigInt64(at, BigInt(value), true) },
  FP16: { bytes: 2, write: (view, at, value) => view.setUint16(at, toHalf(Number(value)), true) },
  BF16: { bytes: 2, write: (view, at, value) => view.setUint16(at, toBrain(Number(value)), true) },
  FP32: { bytes: 4, write: (view, at, value) => view.setFloat32(at, Number(value), true) },
  FP64: { bytes: 8, write: (view, at, value) => view.setFloat64(at, Number(value), true) },
};

/** Values as little-endian bytes of a datatype. Throws RangeError for a datatype without fixed size. */
export function rawBytes(datatype: string, values: TensorValues): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const writer = WRITERS[datatype];
  if (writer === undefined) throw new RangeError(`Values of "${datatype}" have no raw form: give bytes.`);
  const bytes = new Uint8Array(values.length * writer.bytes);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    writer.write(view, index * writer.bytes, typeof value === 'boolean' ? Number(value) : value);
  });
  return bytes;
}

const scratch = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** The upper half of a float, rounded to nearest, ties to even. */
function toBrain(value: number): number {
  const bits = floatBits(value);
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** IEEE 754 half precision, rounded to nearest, ties to even. */
function toHalf(value: number): number {
  const sign = (floatBits(value) >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  // Below 2^-14 the steps are all 2^-24; above, 2^-10 of the power of two. A carry into the exponent is right as it is.
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(Math.fround(size)));
  const step = roundToEven((size / 2 ** exponent - 1) * 1024);
  return sign | (((exponent + 15) << 10) + step);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor + (floor % 2);
}
