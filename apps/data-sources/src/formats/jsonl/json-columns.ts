import type { ColumnKind } from '../../tables/table.js';

/** What values of a column look like, as bits. */
const SEEN = {
  integer: 1,
  double: 2,
  boolean: 4,
  date: 8,
  timestamp: 16,
  text: 32,
  longInteger: 64,
} as const;

/** The union of the keys of all objects, in the order in which they came first, and what their values look like. */
export class JsonColumns {
  private readonly indexes = new Map<string, number>();
  private readonly seen: number[] = [];

  /** In the order in which they came first. */
  get names(): string[] {
    return [...this.indexes.keys()];
  }

  /** The index of the column of a key; a new one for a new key. */
  indexOf(key: string): number {
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    const index = this.indexes.size;
    this.indexes.set(key, index);
    this.seen.push(0);
    return index;
  }

  /** Notes a value other than null: `isText` says whether it was a JSON string. */
  note(index: number, value: string, isText: boolean): void {
    this.seen[index] = (this.seen[index] ?? 0) | (isText ? seenInText(value) : seenInLiteral(value));
  }

  /** The type that holds every value that was noted without changing one; texts stay texts unless all are times. */
  kinds(): ColumnKind[] {
    return this.seen.map(kindOf);
  }
}

function kindOf(seen: number): ColumnKind {
  const isOnly = (bits: number) => seen !== 0 && (seen & ~bits) === 0;
  if (isOnly(SEEN.integer)) return 'BIGINT';
  // Integers that do not fit 64 bits are identifiers: rounding them would make different ones equal.
  if (isOnly(SEEN.integer | SEEN.longInteger)) return 'VARCHAR';
  if (isOnly(SEEN.integer | SEEN.longInteger | SEEN.double)) return 'DOUBLE';
  if (isOnly(SEEN.boolean)) return 'BOOLEAN';
  if (isOnly(SEEN.date)) return 'DATE';
  if (isOnly(SEEN.date | SEEN.timestamp)) return 'TIMESTAMP';
  return 'VARCHAR';
}

function seenInLiteral(value: string): number {
  if (value === 'true' || value === 'false') return SEEN.boolean;
  if (value.startsWith('{') || value.startsWith('[')) return SEEN.text;
  if (/^-?[0-9]+$/.test(value)) {
    // Up to 15 digits fit every integer; more are looked at closely.
    const isShort = value.length <= 15 || BigInt.asIntN(64, BigInt(value)) === BigInt(value);
    return isShort ? SEEN.integer : SEEN.longInteger;
  }
  return Number.isFinite(Number(value)) ? SEEN.double : SEEN.text;
}

function seenInText(value: string): number {
  if (value.length < 10 || value.length > 40) return SEEN.text;
  const parts =
    /^(\d{4})-(\d{2})-(\d{2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?)?$/.exec(
      value,
    );
  if (!parts) return SEEN.text;
  const day = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  const isDay = parts[1] !== '0000' && new Date(day).toISOString().startsWith(value.slice(0, 10));
  if (!isDay) return SEEN.text;
  if (value.length === 10) return SEEN.date;
  return isTime(value.slice(11)) ? SEEN.timestamp : SEEN.text;
}

/** Hours, minutes and seconds within a day, and an offset within what the world has. */
function isTime(text: string): boolean {
  const [, hours, minutes, seconds = '0', , offsetHours = '0', offsetMinutes = '0'] =
    /^(\d{2}):(\d{2})(?::(\d{2}))?([^Z+-]*)(?:Z|[+-](\d{2}):?(\d{2})?)?$/.exec(text) ?? [];
  return (
    Number(hours) < 24 &&
    Number(minutes) < 60 &&
    Number(seconds) < 60 &&
    Number(offsetHours) < 16 &&
    Number(offsetMinutes) < 60
  );
}
