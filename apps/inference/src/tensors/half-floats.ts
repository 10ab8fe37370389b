/** A 16-bit float: its fraction's bits and its exponent's bias. */
interface HalfFormat {
  readonly fractionBits: number;
  readonly bias: number;
}

const FP16: HalfFormat = { fractionBits: 10, bias: 15 };
const BF16: HalfFormat = { fractionBits: 7, bias: 127 };
const SIGN = 0x8000;

/** The number of each FP16 pattern, made when the first array is widened. */
let halfValues: Float32Array | undefined;

const scratch = new DataView(new ArrayBuffer(8));

/** Bits of the FP16 nearest to a number, ties to even; too large a number gives infinity. */
export function toFp16Bits(value: number): number {
  return toBits(value, FP16);
}

/** Bits of the BF16 nearest to a number, ties to even; too large a number gives infinity. */
export function toBf16Bits(value: number): number {
  return toBits(value, BF16);
}

/** The number that FP16 bits stand for, exactly. */
export function fromFp16Bits(bits: number): number {
  return fromBits(bits, FP16);
}

/** The number that BF16 bits stand for, exactly. */
export function fromBf16Bits(bits: number): number {
  return fromBits(bits, BF16);
}

/** FP16 bits as numbers, exactly. */
export function widenHalf(patterns: Uint16Array): Float32Array {
  halfValues ??= Float32Array.from({ length: 0x10000 }, (_, bits) => fromFp16Bits(bits));
  const values = new Float32Array(patterns.length);
  for (let i = 0; i < patterns.length; i++) values[i] = halfValues[patterns[i] ?? 0] ?? 0;
  return values;
}

/** Numbers as FP16 bits, as `toFp16Bits` does. */
export function narrowToHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toFp16Bits);
}

/** BF16 bits as numbers, exactly: they are the upper halves of 32-bit floats. */
export function widenBrain(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < patterns.length; i++) bits[i] = (patterns[i] ?? 0) << 16;
  return values;
}

/** Numbers as BF16 bits, as `toBf16Bits` does. */
export function narrowToBrain(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toBf16Bits);
}

/** Rounds once, straight from the double: by way of a 32-bit float, ties would be rounded twice. */
function toBits(value: number, { fractionBits, bias }: HalfFormat): number {
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const sign = high >>> 31 === 1 ? SIGN : 0;
  const infinity = (2 * bias + 1) << fractionBits;
  if (Number.isNaN(value)) return infinity | (1 << (fractionBits - 1));
  const size = Math.abs(value);
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  if (exponent > bias) return sign | infinity;
  // A subnormal has the smallest exponent and no leading one; rounding up carries into the exponent as it should.
  if (exponent < 1 - bias) return sign | roundToEven(size * 2 ** (fractionBits + bias - 1));
  const fraction = roundToEven(size * 2 ** (fractionBits - exponent)) - (1 << fractionBits);
  return sign | (((exponent + bias) << fractionBits) + fraction);
}

function fromBits(bits: number, { fractionBits, bias }: HalfFormat): number {
  const sign = (bits & SIGN) === 0 ? 1 : -1;
  const exponent = (bits & 0x7fff) >>> fractionBits;
  const fraction = bits & ((1 << fractionBits) - 1);
  if (exponent === 2 * bias + 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * ((1 << fractionBits) + fraction) * 2 ** (exponent - bias - fractionBits);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
