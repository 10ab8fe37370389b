import { SEEN } from '../../tables/seen.js';
import { kindOfTime } from './value-times.js';
import { DOT, isDigit, MINUS, NINE, PLUS, ZERO } from './csv-bytes.js';

/** Every 64-bit integer has at most so many digits, and every integer of so many digits less one fits 64 bits. */
const LONGEST_INTEGER_DIGITS = 19;
/** Decimals of at most so many bytes without a large exponent are far from the ends of what a double holds. */
export const LONGEST_SURE_DOUBLE = 200;
const LONGEST_SURE_EXPONENT = 2;
const LOWER_CASE = 0x20;
const LETTER_E = 'e'.charCodeAt(0);
const LETTER_N = 'n'.charCodeAt(0);
const LONGEST_MISSING = 4;
const MISSING = new Set(['na', 'nan', 'null', 'n/a']);
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const INF = Buffer.from('inf');
const INFINITY = Buffer.from('infinity');

/** Whether the value from `start` up to `end` is a marker of a missing value; the empty value is not asked for. */
export function isMissing(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > LONGEST_MISSING || ((bytes[start] ?? 0) | LOWER_CASE) !== LETTER_N) return false;
  return MISSING.has(bytes.toString('latin1', start, end).toLowerCase());
}

/** The bit of SEEN of the value from `start` up to `end`, which is neither empty nor missing. */
export function kindOfValue(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start];
  if (isDigit(first)) return kindOfNumber(bytes, start, end) || (kindOfTime(bytes, start, end) ?? SEEN.text);
  if (first === DOT) return kindOfNumber(bytes, start, end) || SEEN.text;
  if (first === PLUS || first === MINUS) {
    return kindOfNumber(bytes, start, end) || infiniteOrText(bytes, start + 1, end);
  }
  return kindOfWord(bytes, start, end);
}

/** Where the digits from `at` end. */
export function endOfDigits(bytes: Buffer, at: number): number {
  let end = at;
  for (;;) {
    const byte = bytes[end] ?? 0;
    if (byte < ZERO || byte > NINE) return end;
    end++;
  }
}

function kindOfNumber(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start];
  const whole = first === PLUS || first === MINUS ? start + 1 : start;
  const dot = Math.min(endOfDigits(bytes, whole), end);
  if (dot === end) return dot === whole ? 0 : kindOfInteger(dot - whole);
  const fraction = bytes[dot] === DOT ? Math.min(endOfDigits(bytes, dot + 1), end) : dot;
  // Digits are wanted before or after the dot.
  if (fraction - whole - (fraction > dot ? 1 : 0) === 0) return 0;
  const isSure = end - start <= LONGEST_SURE_DOUBLE;
  if (fraction === end) return isSure ? SEEN.double : SEEN.unsure;
  return kindOfExponent(bytes, fraction, end, isSure);
}

function kindOfExponent(bytes: Buffer, start: number, end: number, isSure: boolean): number {
  if (((bytes[start] ?? 0) | LOWER_CASE) !== LETTER_E) return 0;
  const sign = bytes[start + 1];
  const digits = sign === PLUS || sign === MINUS ? start + 2 : start + 1;
  if (digits >= end || endOfDigits(bytes, digits) < end) return 0;
  return isSure && end - digits <= LONGEST_SURE_EXPONENT ? SEEN.double : SEEN.unsure;
}

/** The kind of an integer of so many digits. */
export function kindOfInteger(digits: number): number {
  return digits < LONGEST_INTEGER_DIGITS ? SEEN.integer : SEEN.unsure;
}

function infiniteOrText(bytes: Buffer, start: number, end: number): number {
  return kindOfWord(bytes, start, end) === SEEN.infinite ? SEEN.infinite : SEEN.text;
}

function kindOfWord(bytes: Buffer, start: number, end: number): number {
  const first = (bytes[start] ?? 0) | LOWER_CASE;
  if (first === TRUE[0] && isWord(bytes, start, end, TRUE)) return SEEN.boolean;
  if (first === FALSE[0] && isWord(bytes, start, end, FALSE)) return SEEN.boolean;
  const isInfinite = isWord(bytes, start, end, INF) || isWord(bytes, start, end, INFINITY);
  return isInfinite ? SEEN.infinite : SEEN.text;
}

/** Whether the value is a word, in any case. */
function isWord(bytes: Buffer, start: number, end: number, word: Buffer): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at++) {
    if (((bytes[start + at] ?? 0) | LOWER_CASE) !== word[at]) return false;
  }
  return true;
}
