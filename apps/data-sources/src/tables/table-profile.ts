import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { isSampledRow, numberedRows } from '../profiles/sampled-rows.js';
import { parquetSource } from './parquet.js';
import { quoteName } from './sql.js';
import type { ColumnKind, ColumnProfile, TensorType } from './table.js';

interface MeasuredColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly tensor?: TensorType;
}

/** What is to be profiled. */
export interface ProfileInput {
  readonly path: string;
  readonly columns: readonly MeasuredColumn[];
  readonly rowCount: number;
  /** What does not depend on the order of rows is measured with so many; 1 by default. */
  readonly threads?: number;
}

/** Quantiles are those of all rows up to so many, and of about so many rows spread over a larger table. */
const QUANTILE_ROWS = 1_000_000;
/** Values that the columns of one query hold in memory together, for quantiles and distinct values. */
const CELLS_PER_QUERY = 5_000_000;
const COLUMNS_PER_QUERY = 100;
/** Up to this estimate the distinct values are counted exactly: 1,000 and the estimate's error. */
const EXACT_DISTINCT = 1_500;
/** The squares of larger values overflow. */
const LARGEST_SQUARE = 1e150;
const MAX_TEXT = 256;
const NUMERIC: readonly ColumnKind[] = ['DOUBLE', 'BIGINT', 'INTEGER'];
/** Values of which no two are held in memory: images and tensors have no order, and are counted by their hash. */
const LARGE: readonly ColumnKind[] = ['BLOB', 'LIST'];

/**
 * Profiles every column of a Parquet file. Numbers that are not finite are counted as values, but are part of no minimum,
 * maximum, mean, deviation or quantile. The statistics are the same with any number of threads: sums of doubles, which
 * depend on their order, are computed by one. Leaves the database with one thread.
 */
export async function profileTable(
  connection: DuckDBConnection,
  input: ProfileInput,
): Promise<ColumnProfile[]> {
  // Every thread would hold a row group of images or tensors in memory.
  const hasLarge = input.columns.some(({ kind }) => LARGE.includes(kind));
  await connection.run(`SET threads = ${hasLarge ? 1 : (input.threads ?? 1)}`);
  const { ranges, estimates } = await readRanges(connection, input);
  const distinct = await countDistinct(connection, input, estimates);
  const quartiles = await readQuartiles(connection, input);
  await connection.run('SET threads = 1');
  const moments = await readMoments(connection, input);
  return input.columns.map(({ name, kind, tensor }, index) => {
    const { count, ...range } = ranges[index] ?? NOTHING;
    return {
      name,
      kind,
      nullCount: input.rowCount - count,
      distinctCount: distinct.get(name) ?? 0,
      ...range,
      ...momentsOf(moments.get(name) ?? [], range),
      quartiles: quartiles.get(name) ?? [],
      ...(tensor && { tensor }),
    };
  });
}

interface Range extends Pick<ColumnProfile, 'min' | 'max'> {
  readonly count: number;
}

const NOTHING: Range = { count: 0, min: null, max: null };

const VALUES_PER_RANGE = 4;

/** One pass over the file for every hundred columns. */
async function readRanges(
  connection: DuckDBConnection,
  input: ProfileInput,
): Promise<{ ranges: Range[]; estimates: number[] }> {
  const ranges: Range[] = [];
  const estimates: number[] = [];
  for (const columns of chunks(input.columns, COLUMNS_PER_QUERY)) {
    const row = await readRow(connection, columns.flatMap(rangeQuery), parquetSource(input.path));
    for (const values of chunks(row, VALUES_PER_RANGE)) {
      ranges.push(rangeOf(values));
      estimates.push(Number(values[1]));
    }
  }
  return { ranges, estimates };
}

function rangeQuery({ name, kind }: MeasuredColumn): string[] {
  const column = quoteName(name);
  const counts = [`count(${column})`, `approx_count_distinct(${column})`];
  if (LARGE.includes(kind)) return [...counts, 'NULL', 'NULL'];
  const value = finiteValue(name, kind);
  const text = (end: string) => `left(CAST(${end}(${value}) AS VARCHAR), ${MAX_TEXT})`;
  return [...counts, text('min'), text('max')];
}

function rangeOf([count, , min, max]: readonly Json[]): Range {
  return { count: Number(count), min: textOf(min), max: textOf(max) };
}

/** Mean and deviation of every column of numbers. */
async function readMoments(
  connection: DuckDBConnection,
  { path, columns }: ProfileInput,
): Promise<ReadonlyMap<string, readonly Json[]>> {
  const moments = new Map<string, readonly Json[]>();
  const numeric = columns.filter(({ kind }) => NUMERIC.includes(kind));
  for (const some of chunks(numeric, COLUMNS_PER_QUERY)) {
    const row = await readRow(connection, some.flatMap(momentsQuery), parquetSource(path));
    some.forEach(({ name }, index) => moments.set(name, row.slice(2 * index, 2 * index + 2)));
  }
  return moments;
}

function momentsQuery({ name, kind }: MeasuredColumn): string[] {
  const column = quoteName(name);
  const double = `CAST(${finiteValue(name, kind)} AS DOUBLE)`;
  const square =
    kind === 'DOUBLE' ? `CASE WHEN abs(${column}) < ${LARGEST_SQUARE} THEN ${column} END` : double;
  return [`avg(${double})`, `stddev_samp(${square})`];
}

function momentsOf(
  [mean, deviation]: readonly Json[],
  { min, max }: Pick<Range, 'min' | 'max'>,
): Pick<ColumnProfile, 'mean' | 'standardDeviation'> {
  const isSquareFinite = Math.max(Math.abs(Number(min)), Math.abs(Number(max))) < LARGEST_SQUARE;
  return { mean: finite(mean), standardDeviation: isSquareFinite ? finite(deviation) : null };
}

/** The estimates, and for columns with few values their exact numbers. */
async function countDistinct(
  connection: DuckDBConnection,
  { path, columns }: ProfileInput,
  estimates: readonly number[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(columns.map(({ name }, index) => [name, estimates[index] ?? 0]));
  const few = columns.filter(
    ({ name, kind }) => (counts.get(name) ?? 0) <= EXACT_DISTINCT && !LARGE.includes(kind),
  );
  for (const some of chunks(few, COLUMNS_PER_QUERY)) {
    const query = some.map(({ name }) => `count(DISTINCT ${quoteName(name)})`);
    const row = await readRow(connection, query, parquetSource(path));
    some.forEach(({ name }, index) => counts.set(name, Number(row[index])));
  }
  return counts;
}

async function readQuartiles(
  connection: DuckDBConnection,
  { path, columns, rowCount }: ProfileInput,
): Promise<ReadonlyMap<string, number[]>> {
  const { source, row } = numberedRows(path, columns);
  const sample =
    rowCount <= QUANTILE_ROWS
      ? parquetSource(path)
      : `${source} WHERE ${isSampledRow(row, rowCount, QUANTILE_ROWS)}`;
  const numeric = columns.filter(({ kind }) => NUMERIC.includes(kind));
  const size = Math.floor(CELLS_PER_QUERY / Math.min(rowCount, QUANTILE_ROWS));
  const quartiles = new Map<string, number[]>();
  for (const some of chunks(numeric, Math.max(1, Math.min(COLUMNS_PER_QUERY, size)))) {
    const query = some.map(
      ({ name, kind }) => `quantile_cont(CAST(${finiteValue(name, kind)} AS DOUBLE), [0.25, 0.5, 0.75])`,
    );
    const values = await readRow(connection, query, sample);
    some.forEach(({ name }, index) => {
      const found = values[index];
      if (Array.isArray(found)) quartiles.set(name, found.map(Number));
    });
  }
  return quartiles;
}

function finiteValue(name: string, kind: ColumnKind): string {
  const column = quoteName(name);
  return kind === 'DOUBLE' ? `CASE WHEN isfinite(${column}) THEN ${column} END` : column;
}

async function readRow(
  connection: DuckDBConnection,
  values: readonly string[],
  source: string,
): Promise<readonly Json[]> {
  const reader = await connection.runAndReadAll(`SELECT ${values.join(', ')} FROM ${source}`);
  return reader.getRowsJson()[0] ?? [];
}

function chunks<T>(items: readonly T[], size: number): (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function finite(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
