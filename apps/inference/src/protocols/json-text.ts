const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Position of the first byte from `start` on that is no white space. */
export function skipSpace(json: Buffer, start: number): number {
  let at = start;
  for (let byte = json[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;)
    byte = json[++at];
  return at;
}

/** Position of the quote that closes the string whose text starts at `start`, or the end when there is none. */
export function endOfString(json: Buffer, start: number): number {
  for (let i = start; i < json.length; i++) {
    const byte = json[i];
    if (byte === BACKSLASH) i += 1;
    else if (byte === QUOTE) return i;
  }
  return json.length;
}

/**
 * Position behind the array or object that starts at `start`: -1 when the text ends inside, -2 when it is nested more
 * than `maxDepth` deep.
 */
export function endOfValue(json: Buffer, start: number, maxDepth: number): number {
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = endOfString(json, i + 1);
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    if (depth === 0) return i + 1;
    if (depth > maxDepth) return -2;
  }
  return -1;
}

/** Elements of the array that starts at `start`, for a message. */
export function countElements(json: Buffer, start: number, end: number): number {
  if (json[skipSpace(json, start + 1)] === CLOSE_ARRAY) return 0;
  let count = 1;
  let depth = 0;
  for (let i = start; i < end; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = endOfString(json, i + 1);
    else if (byte === COMMA && depth === 1) count += 1;
    else depth += stepOf(byte);
    if (depth === 0) return count;
  }
  return count;
}

function stepOf(byte: number | undefined): number {
  if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return 1;
  return byte === CLOSE_ARRAY || byte === CLOSE_OBJECT ? -1 : 0;
}
