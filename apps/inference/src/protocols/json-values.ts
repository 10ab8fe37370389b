import { isUtf8 } from 'node:buffer';
import type { BytesElement, Datatype, TensorArray } from '../tensors/datatype.js';
import { fromBf16Bits, fromFp16Bits } from '../tensors/half-floats.js';
import type { ByteWriter } from './byte-writer.js';

const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
/** The longest number: `-2.2250738585072014e-308,`. */
const NUMBER_BYTES = 26;
/** 32-bit floats of this size are written by `writeFp32`; the others have exponents or many zeros. */
const SMALLEST_PLAIN = 1e-3;
const LARGEST_PLAIN = 1e6;

/** Why elements cannot be written as JSON. */
export type Unwritable = 'not finite' | 'not text';

/** Writes elements as JSON, commas between them; gives the reason when JSON cannot carry one. */
export function writeElements(
  out: ByteWriter,
  { data, datatype }: { readonly data: TensorArray; readonly datatype: Datatype },
  start: number,
  end: number,
): Unwritable | undefined {
  if (Array.isArray(data)) return writeTexts(out, data, start, end);
  out.reserve((end - start) * NUMBER_BYTES);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = start; i < end; i++) {
      if (i > start) out.byte(COMMA);
      out.ascii(String(data[i]));
    }
    return undefined;
  }
  if (datatype === 'BOOL') {
    for (let i = start; i < end; i++) {
      if (i > start) out.byte(COMMA);
      out.ascii(data[i] === 0 ? 'false' : 'true');
    }
    return undefined;
  }
  return writeNumbers(out, data, { start, end, toNumber: HALVES[datatype], isFp32: datatype === 'FP32' });
}

const HALVES: Partial<Record<Datatype, (bits: number) => number>> = {
  FP16: fromFp16Bits,
  BF16: fromBf16Bits,
};

interface Numbers {
  readonly start: number;
  readonly end: number;
  readonly toNumber: ((bits: number) => number) | undefined;
  readonly isFp32: boolean;
}

function writeNumbers(
  out: ByteWriter,
  data: Exclude<TensorArray, BytesElement[] | BigInt64Array | BigUint64Array>,
  { start, end, toNumber, isFp32 }: Numbers,
): Unwritable | undefined {
  for (let i = start; i < end; i++) {
    const stored = data[i] ?? 0;
    const value = toNumber ? toNumber(stored) : stored;
    if (i > start) out.byte(COMMA);
    if (Number.isInteger(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) writeInteger(out, value);
    else if (!Number.isFinite(value)) return 'not finite';
    else if (!isFp32 || !writeFp32(out, value)) out.ascii(String(value));
  }
  return undefined;
}

function writeInteger(out: ByteWriter, value: number): void {
  // 0 too, whose sign JSON readers do not all keep, but who does gets it.
  if (value < 0 || Object.is(value, -0)) out.byte(MINUS);
  out.digits(Math.abs(value));
}

/**
 * The shortest decimal that reads back as the same 32-bit float: `0.1`, where its double is `0.10000000149011612`. Up to
 * 9 digits are enough for any; the whole number and its division by a power of ten are exact doubles, so what a reader
 * gets is what is tested here. Half the bytes of the double's text, in a third of the time. Gives false, having written
 * nothing, for sizes that are better written with an exponent.
 */
function writeFp32(out: ByteWriter, value: number): boolean {
  const size = Math.abs(value);
  if (size < SMALLEST_PLAIN || size >= LARGEST_PLAIN) return false;
  let places = 1;
  let power = 10;
  if (size < 1000) [places, power] = size < 1 ? [6, 1e6] : [3, 1e3];
  let whole = Math.round(size * power);
  while (Math.fround(whole / power) !== size) {
    places += 1;
    power *= 10;
    whole = Math.round(size * power);
  }
  while (whole % 10 === 0) {
    whole /= 10;
    power /= 10;
    places -= 1;
  }
  if (value < 0) out.byte(MINUS);
  const front = Math.floor(whole / power);
  if (front === 0) out.byte(ZERO);
  else out.digits(front);
  out.byte(DOT);
  out.paddedDigits(whole - front * power, places);
  return true;
}

function writeTexts(
  out: ByteWriter,
  data: readonly BytesElement[],
  start: number,
  end: number,
): Unwritable | undefined {
  for (let i = start; i < end; i++) {
    const element = data[i] ?? '';
    if (typeof element !== 'string' && !isUtf8(element)) return 'not text';
    const text = typeof element === 'string' ? element : Buffer.from(element).toString('utf8');
    if (i > start) out.ascii(',');
    out.text(JSON.stringify(text));
  }
  return undefined;
}
