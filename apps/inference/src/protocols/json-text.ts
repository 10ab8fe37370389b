const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
/** Longer strings are searched by native code, which starts slower and then takes a tenth of the time. */
const SHORT_STRING = 32;
/** For a message no more than so many bytes are counted. */
const COUNTED_BYTES = 1024 * 1024;

/** What brackets do to the depth, and which bytes are worth a look at all: most are digits. */
const STEPS = new Int8Array(256);
STEPS[OPEN_ARRAY] = 1;
STEPS[OPEN_OBJECT] = 1;
STEPS[CLOSE_ARRAY] = -1;
STEPS[0x7d] = -1;
const STRUCTURAL = Uint8Array.from(STEPS, (step, byte) => (step !== 0 || byte === QUOTE ? 1 : 0));

/** Position of the first byte from `start` on that is no white space. */
export function skipSpace(json: Buffer, start: number): number {
  let at = start;
  for (let byte = json[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;) {
    at += 1;
    byte = json[at];
  }
  return at;
}

/** Position of the quote that closes the string whose text starts at `start`, or the end when there is none. */
export function endOfString(json: Buffer, start: number): number {
  const loopEnd = Math.min(start + SHORT_STRING, json.length);
  let i = start;
  for (; i < loopEnd; i++) {
    const byte = json[i];
    if (byte === BACKSLASH) i += 1;
    else if (byte === QUOTE) return i;
  }
  for (let at = json.indexOf(QUOTE, i); at !== -1; at = json.indexOf(QUOTE, at + 1))
    if (!isEscapedAt(json, at, i)) return at;
  return json.length;
}

/** Whether an odd number of backslashes stands before a position, none of them before `start`. */
function isEscapedAt(json: Buffer, at: number, start: number): boolean {
  let first = at;
  while (first > start && json[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/** Position of the first bracket, brace or quote from `start` on, or `end`. */
export function nextStructural(json: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && STRUCTURAL[json[at] ?? 0] === 0) at += 1;
  return at;
}

/** Why the end of an array was not found. */
export type NoEnd = 'too deep' | 'cut' | 'not elements';

/**
 * Position behind the array that starts at `start`, which may be nested `maxDepth` deep. With `isStrict` it holds no text
 * and no objects either.
 */
export function endOfArray(json: Buffer, start: number, maxDepth: number, isStrict: boolean): number | NoEnd {
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    const byte = json[i] ?? 0;
    if (STRUCTURAL[byte] === 0) continue;
    if (isStrict && !isArrayBracket(byte)) return 'not elements';
    if (byte === QUOTE) i = endOfString(json, i + 1);
    depth += STEPS[byte] ?? 0;
    if (depth === 0) return i + 1;
    if (depth > maxDepth) return 'too deep';
  }
  return 'cut';
}

function isArrayBracket(byte: number): boolean {
  return byte === OPEN_ARRAY || byte === CLOSE_ARRAY;
}

/** Elements of the array that starts at `start`, in words for a message: of a large one not all are counted. */
export function countElements(json: Buffer, start: number, end: number): string {
  if (json[skipSpace(json, start + 1)] === CLOSE_ARRAY) return '0';
  let count = 1;
  let depth = 0;
  const last = Math.min(end, start + COUNTED_BYTES);
  for (let i = start; i < last; i++) {
    const byte = json[i] ?? 0;
    if (byte === QUOTE) i = endOfString(json, i + 1);
    else if (byte === COMMA && depth === 1) count += 1;
    depth += STEPS[byte] ?? 0;
    if (depth === 0) return String(count);
  }
  return `more than ${count - 1}`;
}
