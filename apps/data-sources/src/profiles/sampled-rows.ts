import { parquetSource } from '../tables/parquet.js';
import { quoteText } from '../tables/sql.js';

/** A prime: multiplying by the factor modulo it visits every number once. */
const MODULUS = 2_147_483_647;
const FACTOR = 1_103_515_245;
const ROW = 'file_row_number';

/**
 * An SQL condition that holds for about `wanted` of `rowCount` rows, spread evenly over the table: the same rows every
 * time, and all of them when there are no more than that. `row` counts from 0.
 */
export function isSampledRow(row: string, rowCount: number, wanted: number): string {
  if (rowCount <= wanted) return 'true';
  const below = Math.floor((wanted / rowCount) * MODULUS);
  return `((${row} % ${MODULUS}) * ${FACTOR}) % ${MODULUS} < ${below}`;
}

/** A Parquet file as a DuckDB table, and the name under which it has the number of each row, from 0. */
export function numberedRows(
  path: string,
  columns: readonly { readonly name: string }[],
): { source: string; row: string } {
  if (!columns.some(({ name }) => name.toLowerCase().startsWith(ROW))) {
    const source = `read_parquet(${quoteText(path)}, hive_partitioning = false, ${ROW} = true)`;
    return { source, row: ROW };
  }
  // A column has the name that DuckDB gives to row numbers: they are counted instead, which takes longer.
  const row = `${ROW}_${'_'.repeat(Math.max(...columns.map(({ name }) => name.length)))}`;
  return {
    source: `(SELECT *, row_number() OVER () - 1 AS ${row} FROM ${parquetSource(path)})`,
    row,
  };
}
