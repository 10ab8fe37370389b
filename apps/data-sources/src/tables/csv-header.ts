import { csvHeaderBlank, csvHeaderDuplicate, csvTooManyColumns } from './tables.errors.js';

/** A table has no more columns. */
export const MAX_COLUMNS = 10_000;

const COMMA = ','.charCodeAt(0);
const OTHER_SEPARATORS = [';', '\t', '|'].map((text) => text.charCodeAt(0));

/**
 * The separator, from the first bytes of a file: a comma when the header line has one outside quotes, else the first
 * semicolon, tab or bar in it, else a comma (one column).
 */
export function detectSeparator(head: Uint8Array, quote: number): number {
  let isQuoted = false;
  let hasText = false;
  let other: number | undefined;
  for (const byte of head) {
    if (byte === quote) {
      isQuoted = !isQuoted;
      hasText = true;
    } else if (isQuoted) continue;
    else if (byte === COMMA) return COMMA;
    else if (isLineEnd(byte)) {
      if (hasText) break;
    } else {
      hasText = true;
      if (OTHER_SEPARATORS.includes(byte)) other ??= byte;
    }
  }
  return other ?? COMMA;
}

/** Throws when a name is blank, or twice there in any case, or when there are too many. */
export function checkHeader(names: readonly string[]): void {
  if (names.length > MAX_COLUMNS) throw csvTooManyColumns(names.length, MAX_COLUMNS);
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name === '') throw csvHeaderBlank(index + 1);
    const key = name.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) throw csvHeaderDuplicate(name, first + 1, index + 1);
    seen.set(key, index);
  }
}

function isLineEnd(byte: number): boolean {
  return byte === 10 || byte === 13;
}
