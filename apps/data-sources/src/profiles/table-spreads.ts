import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { parquetSource } from '../tables/parquet.js';
import { quoteName } from '../tables/sql.js';
import { asDouble, binNumber, binsBetween, binsOf, labelled } from './bins.js';
import type { Bins } from './bins.js';
import { frequenciesOf } from './json-values.js';
import { isFloating, isNamed, isNumeric } from './spread.js';
import type { ColumnSpread, MeasuredColumn, MeasuredTable, TextLengths, ValueCount } from './spread.js';
import { topValues } from './top-values.js';

/** Columns of one query: more would cost DuckDB more memory than an operation may use. */
const COLUMNS_PER_QUERY = 100;
/** Up to this size the frequencies of a column's values are counted together with those of others. */
const COUNTED_TOGETHER_ROWS = 1_000_000;
const COUNTED_TOGETHER_VALUES = 1_000;
const TOP_VALUES = 20;
const MAX_TEXT = 256;

/**
 * Measures how the values of every column are spread: one pass over the file for all columns (for each hundred of a
 * wide table), and one over a text column with many values. All counts are exact.
 */
export async function measureSpreads(
  connection: DuckDBConnection,
  table: MeasuredTable,
): Promise<ColumnSpread[]> {
  const spreads: ColumnSpread[] = [];
  for (let start = 0; start < table.columns.length; start += COLUMNS_PER_QUERY) {
    const columns = table.columns.slice(start, start + COLUMNS_PER_QUERY);
    spreads.push(...(await measureColumns(connection, { ...table, columns })));
  }
  return spreads;
}

async function measureColumns(connection: DuckDBConnection, table: MeasuredTable): Promise<ColumnSpread[]> {
  const bins = new Map<string, Bins | null>();
  for (const column of table.columns) bins.set(column.name, await finiteBins(connection, table, column));
  const queries = table.columns.map((column) => partsOf(column, bins.get(column.name) ?? null, table));
  const reader = await connection.runAndReadAll(
    `SELECT ${queries.flat().join(', ')} FROM ${parquetSource(table.path)}`,
  );
  const row = reader.getRowsJson()[0] ?? [];
  const spreads: ColumnSpread[] = [];
  for (const [index, column] of table.columns.entries()) {
    const values = row.slice(index * PARTS, (index + 1) * PARTS);
    spreads.push(await spreadOf(connection, table, column, { bins: bins.get(column.name) ?? null, values }));
  }
  return spreads;
}

/** NaN is the largest of doubles: where the ends are not finite, those of the finite values are asked for. */
async function finiteBins(
  connection: DuckDBConnection,
  table: MeasuredTable,
  column: MeasuredColumn,
): Promise<Bins | null> {
  const bins = binsOf(column);
  if (bins !== null || !isFloating(column.kind) || column.min === null) return bins;
  const value = asDouble(column.name, column.kind);
  const reader = await connection.runAndReadAll(
    `SELECT min(${value}), max(${value}) FROM ${parquetSource(table.path)}`,
  );
  const [min, max] = reader.getRowsJson()[0] ?? [];
  return typeof min === 'number' && typeof max === 'number' ? binsBetween(column.kind, min, max) : null;
}

/** Per column: frequencies, NaN, infinite, and the lengths' minimum, maximum and mean. */
const PARTS = 6;

function partsOf(column: MeasuredColumn, bins: Bins | null, { rowCount }: MeasuredTable): string[] {
  const name = quoteName(column.name);
  const length = `length(${name})`;
  return [
    frequencies(column, bins, rowCount),
    ...(isFloating(column.kind)
      ? [`count(*) FILTER (isnan(${name}))`, `count(*) FILTER (isinf(${name}))`]
      : ['0', '0']),
    ...(column.kind === 'VARCHAR' ? [`min(${length})`, `max(${length})`, `avg(${length})`] : ['0', '0', '0']),
  ];
}

function frequencies(column: MeasuredColumn, bins: Bins | null, rowCount: number): string {
  if (bins) return `histogram(${binNumber(asDouble(column.name, column.kind), bins)})`;
  return isCountedTogether(column, rowCount) ? `histogram(CAST(${quoteName(column.name)} AS VARCHAR))` : '0';
}

/** DuckDB counts the values of a dictionary faster alone, and many values hold much memory. */
function isCountedTogether({ kind, distinctCount }: MeasuredColumn, rowCount: number): boolean {
  return isNamed(kind) && rowCount <= COUNTED_TOGETHER_ROWS && distinctCount <= COUNTED_TOGETHER_VALUES;
}

async function spreadOf(
  connection: DuckDBConnection,
  table: MeasuredTable,
  column: MeasuredColumn,
  { bins, values }: { bins: Bins | null; values: readonly Json[] },
): Promise<ColumnSpread> {
  const [counted, nan, infinite, shortest, longest, meanLength] = values;
  const spread = {
    name: column.name,
    histogram: [],
    topValues: [],
    otherCount: 0,
    nanCount: isNumeric(column.kind) ? Number(nan) : 0,
    infiniteCount: isNumeric(column.kind) ? Number(infinite) : 0,
    lengths: column.kind === 'VARCHAR' ? lengthsOf(shortest, longest, meanLength) : null,
    isChoiceSampled: false,
  };
  if (bins) {
    const counts = new Map(frequenciesOf(counted).map(({ value, count }) => [Number(value), count]));
    return { ...spread, histogram: labelled(bins, counts) };
  }
  if (!isNamed(column.kind)) return spread;
  const top = isCountedTogether(column, table.rowCount)
    ? { values: mostFrequent(frequenciesOf(counted)), isChoiceSampled: false }
    : await topValues(connection, table, column, TOP_VALUES);
  const shown = top.values.reduce((sum, { count }) => sum + count, 0);
  return {
    ...spread,
    topValues: top.values.map(({ value, count }) => ({ value: value.slice(0, MAX_TEXT), count })),
    otherCount: table.rowCount - column.nullCount - shown,
    isChoiceSampled: top.isChoiceSampled,
  };
}

function mostFrequent(values: ValueCount[]): ValueCount[] {
  const byCount = (a: ValueCount, b: ValueCount): number =>
    b.count - a.count || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value));
  return values.sort(byCount).slice(0, TOP_VALUES);
}

function lengthsOf(min: Json | undefined, max: Json | undefined, mean: Json | undefined): TextLengths | null {
  return typeof mean === 'number' ? { min: Number(min), max: Number(max), mean } : null;
}
