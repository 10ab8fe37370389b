import type { DuckDBConnection } from '@duckdb/node-api';
import { fitImpossible } from './transforms.errors.js';

/** A value of the training rows: its column's name, for messages, and its SQL over `train`. */
export interface FitValue {
  readonly column: string;
  readonly value: string;
  /** SQL of whether it is missing. */
  readonly missing: string;
}

/** A category and how many training rows have it. */
export interface Category {
  readonly category: number | string;
  readonly rowCount: number;
}

/** What of the rows stands after FROM, in an order that does not change. */
export interface FitRows {
  readonly connection: DuckDBConnection;
  readonly train: string;
}

/** More columns in one query would cost DuckDB more memory than an operation may use. */
const COLUMNS_PER_QUERY = 200;

/**
 * The mean of the finite values of each column. Sums are compensated (Kahan), over the rows in their order, by one
 * thread: additions alone, which every machine rounds alike.
 */
export async function meansOf(rows: FitRows, values: readonly FitValue[]): Promise<number[]> {
  const sums = await aggregate(rows, values, ({ value }) => [
    `fsum(${value}) FILTER (isfinite(${value}))`,
    `count(${value}) FILTER (isfinite(${value}))`,
  ]);
  return values.map(({ column }, index) => {
    const [sum, count] = sums[index] ?? [];
    if (!count)
      throw fitImpossible(column, 'has no number in the training part, so nothing can be fitted to it.');
    return assertFinite(column, Number(sum) / Number(count));
  });
}

/** Centre and spread (of the population) of each column; a column that does not vary has spread 1. */
export async function scalesOf(
  rows: FitRows,
  values: readonly FitValue[],
): Promise<{ mean: number; scale: number }[]> {
  const means = await meansOf(rows, values);
  const squares = await aggregate(rows, values, ({ value }, index) => {
    const difference = `(${value} - CAST('${means[index] ?? 0}' AS DOUBLE))`;
    return [
      `fsum(${difference} * ${difference}) FILTER (isfinite(${value}))`,
      `count(${value}) FILTER (isfinite(${value}))`,
    ];
  });
  return values.map(({ column }, index) => {
    const mean = means[index] ?? 0;
    const [sum, count] = squares[index] ?? [];
    const deviation = assertFinite(column, Math.sqrt(Number(sum) / Number(count)));
    // A constant column of large numbers has a spread of rounding errors, not zero.
    return { mean, scale: deviation > Math.abs(mean) * 1e-14 ? deviation : 1 };
  });
}

/** The median of the finite values of each column. */
export async function mediansOf(rows: FitRows, values: readonly FitValue[]): Promise<number[]> {
  const medians = await aggregate(rows, values, ({ value }) => [
    `quantile_cont(${value}, 0.5) FILTER (isfinite(${value}))`,
  ]);
  return values.map(({ column }, index) => {
    const [median] = medians[index] ?? [];
    if (typeof median !== 'number') {
      throw fitImpossible(column, 'has no number in the training part, so nothing can be fitted to it.');
    }
    return assertFinite(column, median);
  });
}

/** The most frequent values, at most `limit`; ties in the order of the values, texts by their bytes. */
export async function categoriesOf(rows: FitRows, of: FitValue, limit: number): Promise<Category[]> {
  const reader = await rows.connection.runAndReadAll(
    `SELECT ${of.value} AS category, count(*) FROM ${rows.train} WHERE NOT ${of.missing}
     GROUP BY category ORDER BY count(*) DESC, category LIMIT ${limit}`,
  );
  return reader.getRows().map(([category, rowCount]) => ({
    category: typeof category === 'number' ? category : String(category),
    rowCount: Number(rowCount),
  }));
}

/** One row of results for each value, in their order; by one thread, so that the order of rows is that of the file. */
async function aggregate(
  { connection, train }: FitRows,
  values: readonly FitValue[],
  expressions: (value: FitValue, index: number) => string[],
): Promise<unknown[][]> {
  await connection.run('SET threads = 1');
  const results: unknown[][] = [];
  for (let start = 0; start < values.length; start += COLUMNS_PER_QUERY) {
    const asked = values
      .slice(start, start + COLUMNS_PER_QUERY)
      .map((value, i) => expressions(value, start + i));
    const reader = await connection.runAndReadAll(`SELECT ${asked.flat().join(', ')} FROM ${train}`);
    const answers: unknown[] = [...(reader.getRows()[0] ?? [])];
    for (const { length } of asked) results.push(answers.splice(0, length));
  }
  return results;
}

function assertFinite(column: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw fitImpossible(column, 'has numbers too large to be added up. Rescale the column.');
}
