import { quoteName } from '../tables/sql.js';
import { isFloating, isNumeric, isTime, isWhole } from './spread.js';
import type { HistogramBin, MeasuredColumn } from './spread.js';

/** Bars of a histogram; fewer of integers with a small range. */
export const BIN_COUNT = 20;

/** The bins of one column, of equal width. */
export interface Bins {
  readonly kind: string;
  readonly min: number;
  readonly max: number;
  readonly width: number;
  readonly count: number;
}

/** A column's values as finite doubles, times as microseconds since 1970; else null. */
export function asDouble(name: string, kind: string): string {
  const column = quoteName(name);
  if (isTime(kind)) return `CAST(epoch_us(CAST(${column} AS TIMESTAMP)) AS DOUBLE)`;
  if (isFloating(kind)) return `CASE WHEN isfinite(${column}) THEN ${column} END`;
  return `CAST(${column} AS DOUBLE)`;
}

/** Bins from the smallest to the largest value; null when there is none, or when they are not finite. */
export function binsOf({ kind, min, max }: MeasuredColumn): Bins | null {
  if (min === null || max === null || (!isNumeric(kind) && !isTime(kind))) return null;
  const [low, high] = isTime(kind) ? [microseconds(min), microseconds(max)] : [Number(min), Number(max)];
  return Number.isFinite(low) && Number.isFinite(high) ? binsBetween(kind, low, high) : null;
}

/** Bins of equal width between two finite values; whole numbers get bins of whole numbers. */
export function binsBetween(kind: string, min: number, max: number): Bins {
  if (min === max) return { kind, min, max, width: 1, count: 1 };
  if (isWhole(kind)) {
    const width = Math.max(1, Math.ceil((max - min + 1) / BIN_COUNT));
    return { kind, min, max, width, count: Math.min(BIN_COUNT, Math.ceil((max - min + 1) / width)) };
  }
  // Divided first: the difference of two doubles may be no double.
  return { kind, min, max, width: max / BIN_COUNT - min / BIN_COUNT, count: BIN_COUNT };
}

/** The number of the bin that holds a value of a finite double, or null of null. */
export function binNumber(value: string, { min, max, width, count }: Bins): string {
  const distance = Number.isFinite(max - min)
    ? `((${value}) - ${literal(min)}) / ${literal(width)}`
    : `(${value}) / ${literal(width)} - ${literal(min / width)}`;
  // DuckDB's greatest and least pass over nulls, so those are taken out by hand.
  return `CASE WHEN (${value}) IS NOT NULL
    THEN CAST(greatest(0, least(${count - 1}, floor(${distance}))) AS UTINYINT) END`;
}

/** The bins with their counts and the text of their edges. */
export function labelled(bins: Bins, counts: ReadonlyMap<number, number>): HistogramBin[] {
  return Array.from({ length: bins.count }, (_, index) => ({
    lower: edge(bins, index),
    upper: edge(bins, index + 1),
    count: counts.get(index) ?? 0,
  }));
}

/** A double as an SQL literal. */
export function literal(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}

function edge({ kind, min, max, width, count }: Bins, index: number): string {
  const value = index === count ? max : min + width * index;
  return isTime(kind) ? new Date(value / 1000).toISOString() : String(value);
}

/** Microseconds since 1970 of a DuckDB date or timestamp; NaN for years that JavaScript does not have. */
function microseconds(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`) * 1000;
}
