import { isUtf8 } from 'node:buffer';
import { csvCutCharacter, csvNotUtf8, csvNul } from '../../tables/tables.errors.js';
import { LINE_FEED } from './csv-bytes.js';

/**
 * Throws when whole lines of text, of which the first has the number `line`, are not UTF-8 or hold a NUL. `isLast` says
 * that the file ends with them.
 */
export function checkText(text: Buffer, line: number, isLast: boolean): void {
  const nul = text.indexOf(0);
  if (nul >= 0) throw csvNul(line + countLines(text.subarray(0, nul)));
  if (isUtf8(text)) return;
  const whole = text.subarray(0, wholeCharacters(text));
  if (isLast && isUtf8(whole)) throw csvCutCharacter(line + countLines(whole));
  throw csvNotUtf8(line + countLines(whole.subarray(0, firstBadLine(whole))));
}

/** Where the last whole character ends; at most 3 bytes before the end. */
function wholeCharacters(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text.readUInt8(text.length - back);
    if ((byte & 0xc0) === 0x80) continue;
    return byte >= 0xc0 && sequenceLength(byte) > back ? text.length - back : text.length;
  }
  return text.length;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

/** Offset of the first line that is not UTF-8; a line feed is never part of a longer character. */
function firstBadLine(text: Buffer): number {
  let start = 0;
  for (;;) {
    const end = text.indexOf(LINE_FEED, start);
    if (end < 0 || !isUtf8(text.subarray(start, end))) return start;
    start = end + 1;
  }
}

function countLines(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
