import { COLON, DOT, isDigit, MINUS, PLUS, SPACE, ZERO } from './csv-bytes.js';
import { SEEN } from '../../tables/seen.js';

const DATE_LENGTH = 10;
const TIME_LENGTH = 19;
const LONGEST_FRACTION = 6;
const YEAR_ZERO = Buffer.from('0000').readUInt32BE(0);
const LETTER_T = 'T'.charCodeAt(0);
const LETTER_Z = 'Z'.charCodeAt(0);
const LARGEST_OFFSET_HOURS = 14;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * What the value from `start` up to `end`, which begins with a digit, is as a date or a time: `2024-02-29`, or that
 * with `10:00:00`, `.123456`, `Z` or `+02:00` behind it. Undefined when it is neither.
 */
export function kindOfTime(bytes: Buffer, start: number, end: number): number | undefined {
  if (end - start < DATE_LENGTH || !isDate(bytes, start)) return undefined;
  if (bytes.readUInt32BE(start) === YEAR_ZERO) return SEEN.unsure;
  if (end - start === DATE_LENGTH) return SEEN.date;
  const separator = bytes[start + DATE_LENGTH];
  if (separator !== SPACE && separator !== LETTER_T) return undefined;
  return isClock(bytes, start + DATE_LENGTH + 1, end)
    ? kindOfRest(bytes, start + TIME_LENGTH, end)
    : SEEN.unsure;
}

function isDate(bytes: Buffer, start: number): boolean {
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return false;
  const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
  // A year that is no number is NaN, and every comparison with NaN is false.
  return year >= 0 && isDay(year, pair(bytes, start + 5), pair(bytes, start + 8));
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1)) return false;
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS[month - 1] ?? 0);
}

function isClock(bytes: Buffer, start: number, end: number): boolean {
  if (start + 8 > end || bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return false;
  return pair(bytes, start) <= 23 && pair(bytes, start + 3) <= 59 && pair(bytes, start + 6) <= 59;
}

/** What follows the seconds: a fraction, an offset, or both. */
function kindOfRest(bytes: Buffer, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === DOT) {
    at++;
    while (at < end && isDigit(bytes[at])) at++;
    const digits = at - start - 1;
    if (digits === 0 || digits > LONGEST_FRACTION) return SEEN.unsure;
  }
  if (at === end) return SEEN.timestamp;
  return isOffset(bytes, at, end) ? SEEN.timestamp | SEEN.offset : SEEN.unsure;
}

function isOffset(bytes: Buffer, at: number, end: number): boolean {
  const sign = bytes[at];
  if (sign === LETTER_Z) return at + 1 === end;
  if (sign !== PLUS && sign !== MINUS) return false;
  if (!(pair(bytes, at + 1) <= LARGEST_OFFSET_HOURS)) return false;
  if (at + 3 === end) return true;
  const minutes = bytes[at + 3] === COLON ? at + 4 : at + 3;
  return minutes + 2 === end && pair(bytes, minutes) <= 59;
}

/** The number that two digits make; NaN when they are none. */
function pair(bytes: Buffer, at: number): number {
  const tens = bytes[at];
  const ones = bytes[at + 1];
  return isDigit(tens) && isDigit(ones) ? ((tens ?? 0) - ZERO) * 10 + ((ones ?? 0) - ZERO) : Number.NaN;
}
