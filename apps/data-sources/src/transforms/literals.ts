import type { Scalar } from '@aimass/contracts';
import { quoteText } from '../tables/sql.js';
import { kindOf } from './typed-column.js';
import type { ValueKind } from './typed-column.js';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/;
const WHOLE = /^[+-]?\d{1,18}$/;

/** What a value must be to go with a kind of column, as the end of a sentence. */
export const EXPECTED: Readonly<Record<ValueKind, string>> = {
  integer: 'a number, or a whole number as text',
  real: 'a number',
  boolean: 'true or false',
  text: 'a text without U+0000',
  date: 'a date like "2024-05-31"',
  timestamp: 'a point in time like "2024-05-31T12:00:00Z"',
  other: 'nothing: values of this type cannot be compared',
};

/**
 * A value as an SQL literal that compares with a column of this type; undefined when they do not go together. Text is
 * quoted, everything else is checked or printed by us: nothing of it can be read as SQL.
 */
export function literalFor(type: string, value: Scalar): string | undefined {
  return LITERALS[kindOf(type)](value);
}

/** Undefined for a text with U+0000: DuckDB takes it for the end of the statement. */
export function textLiteral(value: string): string | undefined {
  return value.includes('\u0000') ? undefined : quoteText(value);
}

/** The double itself: the shortest text that reads back as the same. */
export function doubleLiteral(value: number): string | undefined {
  return Number.isFinite(value) ? `CAST('${value}' AS DOUBLE)` : undefined;
}

/** Whole numbers stay whole, so that those above 2^53 compare exactly. */
function integerLiteral(value: Scalar): string | undefined {
  if (typeof value === 'string') return WHOLE.test(value) ? `CAST('${value}' AS BIGINT)` : undefined;
  if (typeof value !== 'number') return undefined;
  return Number.isSafeInteger(value) ? `CAST('${value}' AS BIGINT)` : doubleLiteral(value);
}

function timeLiteral(text: string): string | undefined {
  const [, day = ''] = TIMESTAMP.exec(text) ?? [];
  if (!isDay(day)) return undefined;
  return `make_timestamp(epoch_us(CAST(${quoteText(text)} AS TIMESTAMPTZ)))`;
}

function isDay(text: string): boolean {
  const [, year, month, day] = DATE.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined || year === 0) return false;
  return day >= 1 && month >= 1 && month <= 12 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const timeOf = (value: Scalar) => (typeof value === 'string' ? timeLiteral(value) : undefined);
const LITERALS: Readonly<Record<ValueKind, (value: Scalar) => string | undefined>> = {
  integer: integerLiteral,
  real: (value) => (typeof value === 'number' ? doubleLiteral(value) : undefined),
  boolean: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  text: (value) => (typeof value === 'string' ? textLiteral(value) : undefined),
  date: timeOf,
  timestamp: timeOf,
  other: () => undefined,
};
