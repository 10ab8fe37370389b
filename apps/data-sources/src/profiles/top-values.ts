import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetSource } from '../tables/parquet.js';
import { quoteName, quoteText } from '../tables/sql.js';
import { textOf } from './json-values.js';
import { isSampledRow, numberedRows } from './sampled-rows.js';
import type { MeasuredColumn, MeasuredTable, ValueCount } from './spread.js';

/** Up to here all values are counted; of more, those that are frequent in a sample. */
const ALL_COUNTED_ROWS = 1_000_000;
const ALL_COUNTED_VALUES = 50_000;
const CANDIDATE_ROWS = 100_000;

/** The most frequent values of a column, counted over the whole table. */
export async function topValues(
  connection: DuckDBConnection,
  { path, rowCount, columns }: MeasuredTable,
  column: MeasuredColumn,
  limit: number,
): Promise<{ values: ValueCount[]; isChoiceSampled: boolean }> {
  const name = quoteName(column.name);
  const table = parquetSource(path);
  if (rowCount <= ALL_COUNTED_ROWS || column.distinctCount <= ALL_COUNTED_VALUES) {
    return {
      values: await count(connection, name, `${table} WHERE ${name} IS NOT NULL`, limit),
      isChoiceSampled: false,
    };
  }
  const rows = numberedRows(path, columns);
  const sample = `${rows.source} WHERE ${name} IS NOT NULL AND ${isSampledRow(rows.row, rowCount, CANDIDATE_ROWS)}`;
  const candidates = await count(connection, name, sample, limit);
  const among = candidates.map(({ value }) => quoteText(value)).join(', ');
  const chosen = `${table} WHERE CAST(${name} AS VARCHAR) IN (${among === '' ? 'NULL' : among})`;
  return { values: await count(connection, name, chosen, limit), isChoiceSampled: true };
}

async function count(
  connection: DuckDBConnection,
  name: string,
  from: string,
  limit: number,
): Promise<ValueCount[]> {
  const reader = await connection.runAndReadAll(
    `SELECT CAST(${name} AS VARCHAR), count(*) AS rows FROM ${from} GROUP BY ${name} ORDER BY rows DESC, ${name} LIMIT ${limit}`,
  );
  return reader.getRowsJson().map(([value, rows]) => ({ value: textOf(value), count: Number(rows) }));
}
