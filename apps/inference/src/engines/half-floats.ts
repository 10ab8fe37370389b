/** One value as a float and as its bits; every conversion here is synchronous, so one is enough. */
const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The smallest step of a half-precision number. */
const HALF_STEP = 2 ** -24;

/** IEEE binary16 bit patterns as numbers, exactly. */
export function widenHalf(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i] ?? 0;
    const sign = (pattern & 0x8000) << 16;
    const exponent = (pattern >>> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0) values[i] = (sign === 0 ? 1 : -1) * fraction * HALF_STEP;
    else if (exponent === 0x1f) bits[i] = sign | 0x7f80_0000 | (fraction << 13);
    else bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
  }
  return values;
}

/** Numbers as IEEE binary16 bit patterns, rounded to nearest even; what is too large becomes infinite. */
export function narrowToHalf(values: Float32Array): Uint16Array {
  const patterns = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    scratch[0] = values[i] ?? 0;
    patterns[i] = halfPattern(scratchBits[0] ?? 0);
  }
  return patterns;
}

function halfPattern(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fff_ffff;
  if (size > 0x7f80_0000) return sign | 0x7e00;
  if (size >= 0x4780_0000) return sign | 0x7c00;
  // A carry out of the fraction moves the exponent up, to infinity at the top: that is what rounding means.
  if (size >= 0x3880_0000) return sign | roundedShift(size - 0x3800_0000, 13);
  if (size < 0x3300_0000) return sign;
  return sign | roundedShift((size & 0x7f_ffff) | 0x80_0000, 126 - (size >>> 23));
}

/** `value / 2^shift`, to nearest, ties to even. */
function roundedShift(value: number, shift: number): number {
  const whole = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole;
}

/** bfloat16 bit patterns as numbers, exactly. */
export function widenBrain(patterns: Uint16Array): Float32Array {
  const values = new Float32Array(patterns.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < patterns.length; i++) bits[i] = (patterns[i] ?? 0) << 16;
  return values;
}

/** Numbers as bfloat16 bit patterns, rounded to nearest even. */
export function narrowToBrain(values: Float32Array): Uint16Array {
  const patterns = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    scratch[0] = values[i] ?? 0;
    const bits = scratchBits[0] ?? 0;
    const isNan = (bits & 0x7fff_ffff) > 0x7f80_0000;
    patterns[i] = isNan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return patterns;
}
