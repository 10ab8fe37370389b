const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const LOWER_E = 0x65;
const LOWER_CASE = 0x20;

/** Powers of ten that doubles hold exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Beyond this an accumulated mantissa has lost more than the guard below allows for. */
const MAX_MANTISSA = 1e19;
const MAX_EXPONENT = 9999;
/** More than the exact decimal of any double has; a number that goes on is not read to its end. */
const MAX_DIGITS = 1100;
const SMALLEST_NORMAL_FP32 = 2 ** -126;
/** A double this near to the middle between two 32-bit floats (in units of its last place) is read again exactly. */
const GUARD = 16;

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/**
 * Reads JSON numbers out of bytes. Exact where it matters: up to 2^53 and 22 powers of ten one multiplication or division
 * of exact doubles is correctly rounded (Clinger 1990); beyond, an approximation is good enough for a 32-bit float unless
 * it lies next to the middle of two; whatever is left is read by the engine's own conversion.
 */
export class JsonNumbers {
  /** Where the next number starts; after `read`, where the one it read ended. */
  at = 0;
  /** Whether the number that was read is a sign and digits only. */
  isDigits = true;
  private mantissa = 0;
  private exponent = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly isFp32: boolean,
  ) {}

  /** The number at `at`; NaN when there is none that JSON allows. */
  read(): number {
    const start = this.at;
    const isNegative = this.bytes[start] === MINUS;
    if (isNegative) this.at += 1;
    if (!this.readWhole() || !this.readRest()) return Number.NaN;
    const size = this.scale(start);
    return isNegative ? -size : size;
  }

  /** Digits without a leading zero. */
  private readWhole(): boolean {
    const start = this.at;
    const isZero = this.bytes[start] === ZERO;
    this.mantissa = 0;
    this.exponent = 0;
    this.readDigits(start);
    return this.at > start && (!isZero || this.at === start + 1);
  }

  /** Adds the digits from `start` on to the mantissa; `at` is behind the last. */
  private readDigits(start: number): void {
    const { bytes } = this;
    const last = start + MAX_DIGITS;
    let { mantissa } = this;
    let at = start;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE && at < last; byte = bytes[++at] ?? 0)
      mantissa = mantissa * 10 + (byte - ZERO);
    this.mantissa = mantissa;
    this.at = at;
  }

  /** Fraction and exponent, if any. */
  private readRest(): boolean {
    const byte = this.bytes[this.at] ?? 0;
    const isFraction = byte === DOT;
    if (isFraction && !this.readFraction()) return false;
    const isExponent = ((this.bytes[this.at] ?? 0) | LOWER_CASE) === LOWER_E;
    this.isDigits = !isFraction && !isExponent;
    return !isExponent || this.readExponent();
  }

  private readFraction(): boolean {
    const start = this.at + 1;
    this.readDigits(start);
    this.exponent = start - this.at;
    return this.at > start;
  }

  private readExponent(): boolean {
    const { bytes } = this;
    let at = this.at + 1;
    const isNegative = bytes[at] === MINUS;
    if (isNegative || bytes[at] === PLUS) at += 1;
    const start = at;
    let exponent = 0;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0)
      exponent = Math.min(exponent * 10 + (byte - ZERO), MAX_EXPONENT);
    this.exponent += isNegative ? -exponent : exponent;
    this.at = at;
    return at > start;
  }

  private scale(start: number): number {
    const { mantissa, exponent } = this;
    if (mantissa > MAX_MANTISSA) return this.convert(start);
    const power = POWERS[Math.abs(exponent)];
    if (power === undefined) return this.convert(start);
    const value = exponent < 0 ? mantissa / power : mantissa * power;
    const isExact = mantissa <= Number.MAX_SAFE_INTEGER || (this.isFp32 && isSafeForFp32(value));
    return isExact ? value : this.convert(start);
  }

  private convert(start: number): number {
    return Math.abs(Number(this.bytes.toString('latin1', start, this.at)));
  }
}

/** Whether rounding to a 32-bit float gives the same for every double within the guard. */
function isSafeForFp32(value: number): boolean {
  if (value < SMALLEST_NORMAL_FP32) return false;
  double[0] = value;
  const beyond = (halves[0] ?? 0) & 0x1fffffff;
  return Math.abs(beyond - 0x10000000) > GUARD;
}
