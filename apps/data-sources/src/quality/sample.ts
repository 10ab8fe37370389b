import type { DuckDBConnection } from '@duckdb/node-api';
import { isSampledRow, numberedRows } from '../profiles/sampled-rows.js';
import type { MeasuredColumn, MeasuredTable } from '../profiles/spread.js';
import { isTime } from '../profiles/spread.js';
import { quoteName } from '../tables/sql.js';

/** What a sample holds at most: rows, and cells of all columns together. */
const SAMPLE_ROWS = 100_000;
const SAMPLE_CELLS = 2_000_000;
const SMALLEST_SAMPLE = 1_000;

/** A column and what it is called in the sample. */
export interface SampledColumn extends MeasuredColumn {
  /** SQL name in the sample. */
  readonly id: string;
  /** SQL of its values as finite doubles; numbers and times only. */
  readonly number: string;
}

/** Some columns of a table, in a temporary table: all rows, or some that are spread evenly. */
export interface Sample {
  readonly connection: DuckDBConnection;
  /** SQL name of the temporary table; its column `row` is the number of the row, from 0. */
  readonly name: string;
  readonly columns: readonly SampledColumn[];
  /** The column to predict, when the table has it. */
  readonly target: SampledColumn | undefined;
  readonly rowCount: number;
  /** Of the whole table. */
  readonly tableRowCount: number;
  readonly isEstimate: boolean;
}

/** How many rows a sample of so many columns has. */
export function sampleRows(columnCount: number): number {
  return Math.max(SMALLEST_SAMPLE, Math.min(SAMPLE_ROWS, Math.floor(SAMPLE_CELLS / columnCount)));
}

/** Draws the same sample every time. A sample drawn before is gone. */
export async function drawSample(
  connection: DuckDBConnection,
  table: MeasuredTable,
  {
    columns,
    target,
    wanted,
  }: { columns: readonly MeasuredColumn[]; target?: MeasuredColumn; wanted: number },
): Promise<Sample> {
  const { source, row } = numberedRows(table.path, table.columns);
  const sampled = columns.map((column, index) => sampledColumn(column, `c${index}`));
  const values = sampled.map(({ name, id }) => `${quoteName(name)} AS ${id}`);
  if (target) values.push(`${quoteName(target.name)} AS target`);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE sample AS SELECT ${row} AS row, ${values.join(', ')} FROM ${source}
      WHERE ${isSampledRow(row, table.rowCount, wanted)}`,
  );
  const reader = await connection.runAndReadAll('SELECT count(*) FROM sample');
  const rowCount = Number(reader.getRows()[0]?.[0]);
  return {
    connection,
    name: 'sample',
    columns: sampled,
    target: target && sampledColumn(target, 'target'),
    rowCount,
    tableRowCount: table.rowCount,
    isEstimate: rowCount < table.rowCount,
  };
}

function sampledColumn(column: MeasuredColumn, id: string): SampledColumn {
  const number = isTime(column.kind)
    ? `CAST(epoch_us(CAST(${id} AS TIMESTAMP)) AS DOUBLE)`
    : `CASE WHEN isfinite(CAST(${id} AS DOUBLE)) THEN CAST(${id} AS DOUBLE) END`;
  return { ...column, id, number };
}
