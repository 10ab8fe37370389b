import type { DuckDBConnection, Json } from '@duckdb/node-api';
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
}

/** Values an exact quantile may hold in memory; above, the estimate of a t-digest is used. */
const EXACT_QUANTILE_ROWS = 10_000_000;
/** Values that the columns of one query hold in memory together. */
const CELLS_PER_QUERY = 4_000_000;
const COLUMNS_PER_QUERY = 100;
/** Up to this estimate the distinct values are counted exactly: 1,000 and the estimate's error. */
const EXACT_DISTINCT = 1_500;
/** The squares of larger values overflow. */
const LARGEST_SQUARE = 1e150;
const MAX_TEXT = 256;
const NUMERIC: readonly ColumnKind[] = ['DOUBLE', 'BIGINT', 'INTEGER'];
/** Values of which no two are held in memory: images and tensors have no order, and are counted by their hash. */
const LARGE: readonly ColumnKind[] = ['BLOB', 'LIST'];
const NUMBERS_PER_COLUMN = 4;

/** Profiles every column of a Parquet file. */
export async function profileTable(
  connection: DuckDBConnection,
  input: ProfileInput,
): Promise<ColumnProfile[]> {
  const size = Math.max(1, Math.min(COLUMNS_PER_QUERY, Math.floor(CELLS_PER_QUERY / input.rowCount)));
  const profiles: ColumnProfile[] = [];
  for (let start = 0; start < input.columns.length; start += size) {
    profiles.push(
      ...(await profileColumns(connection, { ...input, columns: input.columns.slice(start, start + size) })),
    );
  }
  return profiles;
}

interface Range {
  readonly nullCount: number;
  readonly distinct: number;
  readonly min: string | null;
  readonly max: string | null;
}

/** Two passes: what the second asks for depends on the ranges that the first finds. */
async function profileColumns(connection: DuckDBConnection, input: ProfileInput): Promise<ColumnProfile[]> {
  const ranges = await readRanges(connection, input);
  const details = input.columns.map(({ name, kind }, index) =>
    detailQuery(name, kind, ranges[index], input.rowCount),
  );
  const row = await readRow(connection, details.join(', '), input.path);
  return input.columns.map(({ name, kind, tensor }, index) => {
    const [distinct, mean, deviation, quartiles] = row.slice(
      index * NUMBERS_PER_COLUMN,
      (index + 1) * NUMBERS_PER_COLUMN,
    );
    const { nullCount = 0, min = null, max = null } = ranges[index] ?? {};
    return {
      name,
      kind,
      nullCount,
      distinctCount: Number(distinct),
      min,
      max,
      mean: finite(mean),
      standardDeviation: finite(deviation),
      quartiles: Array.isArray(quartiles) ? quartiles.map(Number) : [],
      ...(tensor && { tensor }),
    };
  });
}

async function readRanges(
  connection: DuckDBConnection,
  { path, columns, rowCount }: ProfileInput,
): Promise<Range[]> {
  const query = columns.map(({ name, kind }) => {
    const column = quoteName(name);
    if (LARGE.includes(kind)) return `count(${column}), approx_count_distinct(${column}), NULL, NULL`;
    const text = (value: string) => `left(CAST(${value}(${column}) AS VARCHAR), ${MAX_TEXT})`;
    return `count(${column}), approx_count_distinct(${column}), ${text('min')}, ${text('max')}`;
  });
  const row = await readRow(connection, query.join(', '), path);
  return columns.map((_, index) => {
    const [count, distinct, min, max] = row.slice(
      index * NUMBERS_PER_COLUMN,
      (index + 1) * NUMBERS_PER_COLUMN,
    );
    return {
      nullCount: rowCount - Number(count),
      distinct: Number(distinct),
      min: textOf(min),
      max: textOf(max),
    };
  });
}

function detailQuery(name: string, kind: ColumnKind, range: Range | undefined, rowCount: number): string {
  const column = quoteName(name);
  const estimate = range?.distinct ?? 0;
  const distinct =
    estimate <= EXACT_DISTINCT && !LARGE.includes(kind) ? `count(DISTINCT ${column})` : String(estimate);
  if (!NUMERIC.includes(kind)) return `${distinct}, NULL, NULL, NULL`;
  const value = `CAST(${column} AS DOUBLE)`;
  const isSquareFinite =
    Math.max(Math.abs(Number(range?.min)), Math.abs(Number(range?.max))) < LARGEST_SQUARE;
  const deviation = isSquareFinite ? `stddev_samp(${value})` : 'NULL';
  const quantile = rowCount > EXACT_QUANTILE_ROWS ? 'approx_quantile' : 'quantile_cont';
  return `${distinct}, avg(${value}), ${deviation}, ${quantile}(${value}, [0.25, 0.5, 0.75])`;
}

async function readRow(connection: DuckDBConnection, select: string, path: string): Promise<readonly Json[]> {
  const reader = await connection.runAndReadAll(`SELECT ${select} FROM ${parquetSource(path)}`);
  return reader.getRowsJson()[0] ?? [];
}

function finite(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
