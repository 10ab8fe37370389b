import type { DuckDBConnection } from '@duckdb/node-api';
import type { RecipeColumnType } from '@aimass/contracts';
import { quoteText } from '../../tables/sql.js';
import type { ColumnKind } from '../../tables/table.js';
import { castSql } from '../../transforms/cast-sql.js';
import { csvDateFormatInvalid, csvFormatWithoutTime, csvValueInvalid } from './csv.errors.js';

/** What strptime has for hours, minutes, seconds and whole times; without any of them a format is of dates. */
const TIME_OF_DAY = /%-?[HIMSfgnpXcs]/;

const INFINITE = '(?i)[+-]?inf(inity)?';

const WANTED: Readonly<Record<RecipeColumnType, string>> = {
  integer: 'a whole number of 64 bits',
  double: 'a number',
  boolean: 'true or false',
  date: 'a date such as 2024-12-31',
  timestamp: 'a time such as 2024-12-31 23:59:59',
  text: 'text',
};

/** How the recipe wants a column to be read. */
export interface ColumnOverride {
  readonly name: string;
  readonly type?: RecipeColumnType | undefined;
  /** Of dates and times, as strptime takes it. */
  readonly format?: string | undefined;
}

/** A value that is NULL where the text is not what was wanted. */
export interface OverriddenValue {
  readonly kind: ColumnKind;
  /** SQL. */
  readonly value: string;
  /** For people. */
  readonly wanted: string;
}

/** A text as the type that the recipe wants it to have; `kind` is how that type is stored. */
export function overriddenValue(text: string, override: ColumnOverride, kind: ColumnKind): OverriddenValue {
  const { type = 'text', format } = override;
  if (format !== undefined) return timeOfForm(text, { ...override, format });
  const cast = castSql(text, 'VARCHAR', type) ?? text;
  const value =
    type === 'double'
      ? `CASE WHEN regexp_full_match(${text}, '${INFINITE}') THEN TRY_CAST(${text} AS DOUBLE) ELSE ${cast} END`
      : cast;
  return { kind, value, wanted: WANTED[type] };
}

function timeOfForm(
  text: string,
  { name, type, format }: ColumnOverride & { readonly format: string },
): OverriddenValue {
  if (type !== undefined && type !== 'date' && type !== 'timestamp') throw csvFormatWithoutTime(name, type);
  const isDate = type === undefined ? !TIME_OF_DAY.test(format) : type === 'date';
  const kind = isDate ? 'DATE' : 'TIMESTAMP';
  const time = `make_timestamp(epoch_us(try_strptime(${text}, ${quoteText(format)})))`;
  return { kind, value: `CAST(${time} AS ${kind})`, wanted: `of the form ${format}` };
}

/** A column whose values may be none of the type that is wanted. */
export interface DoubtfulColumn extends OverriddenValue {
  readonly name: string;
  /** SQL of what the file has. */
  readonly text: string;
}

/** Throws for the first value that is not what is wanted, naming its row, counted from 1 without the header. */
export async function checkOverrides(
  connection: DuckDBConnection,
  source: string,
  columns: readonly DoubtfulColumn[],
): Promise<void> {
  if (columns.length === 0) return;
  const numbered = `(SELECT row_number() OVER () AS row_number, * FROM ${source})`;
  const isBad = ({ text, value }: DoubtfulColumn): string => `${text} IS NOT NULL AND (${value}) IS NULL`;
  const firsts = columns.map((column) => `min(row_number) FILTER (${isBad(column)})`);
  const [rows = []] = (
    await connection.runAndReadAll(`SELECT ${firsts.join(', ')} FROM ${numbered}`)
  ).getRows();
  for (const [index, column] of columns.entries()) {
    const row = rows[index];
    if (typeof row !== 'bigint') continue;
    const query = `SELECT ${column.text} FROM ${numbered} WHERE row_number = ${row} LIMIT 1`;
    const value = String((await connection.runAndReadAll(query)).getRows()[0]?.[0]);
    throw csvValueInvalid(Number(row), column.name, { value, wanted: column.wanted });
  }
}

/** Throws for a format that strptime does not take. */
export async function checkFormats(
  connection: DuckDBConnection,
  overrides: readonly ColumnOverride[],
): Promise<void> {
  for (const { name, format } of overrides) {
    if (format === undefined) continue;
    await connection.run(`SELECT try_strptime('', ${quoteText(format)})`).catch((error: unknown) => {
      throw csvDateFormatInvalid(name, format, error);
    });
  }
}
