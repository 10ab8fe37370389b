import { isUtf8 } from 'node:buffer';
import { csvCutCharacter, csvNotUtf8, csvNul } from './tables.errors.js';

const LINE_FEED = 10;

/** Checks that a stream of chunks is UTF-8 without NUL, and counts lines to say where it is not. */
export class TextCheck {
  private line = 1;
  /** The start of a character whose rest is in the next chunk. */
  private carry: Buffer = Buffer.alloc(0);

  /** Throws when the text up to the end of this chunk cannot be UTF-8. */
  check(chunk: Buffer): void {
    const nul = chunk.indexOf(0);
    if (nul >= 0) throw csvNul(this.line + countLines(chunk.subarray(0, nul)));
    const text = this.carry.length === 0 ? chunk : Buffer.concat([this.carry, chunk]);
    const whole = text.subarray(0, wholeCharacters(text));
    if (!isUtf8(whole)) throw csvNotUtf8(this.line + countLines(whole.subarray(0, firstBadLine(whole))));
    this.carry = Buffer.from(text.subarray(whole.length));
    this.line += countLines(whole);
  }

  /** Throws when the text ends inside a character. */
  end(): void {
    if (this.carry.length > 0) throw csvCutCharacter(this.line);
  }
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
