import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from './sql.js';

/** Cells of one row group: bounds the memory of the writer for wide tables. */
const CELLS_PER_GROUP = 4_000_000;
const LARGEST_GROUP = 122_880;
/** DuckDB's vector size: groups are multiples of it. */
const SMALLEST_GROUP = 2_048;

/**
 * Writes the rows of a query as Parquet. The bytes depend on the rows and the DuckDB version only: one thread, a fixed
 * compression, and row groups sized by the number of columns.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  query: string,
  columnCount: number,
  path: string,
): Promise<void> {
  const byCells = Math.floor(CELLS_PER_GROUP / columnCount / SMALLEST_GROUP) * SMALLEST_GROUP;
  const groupSize = Math.max(SMALLEST_GROUP, Math.min(LARGEST_GROUP, byCells));
  await connection.run('SET threads = 1');
  await connection.run(
    `COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${groupSize})`,
  );
}

/** A Parquet file as a DuckDB table. */
export function parquetSource(path: string): string {
  // A folder named "a=b" above the file must not become a column.
  return `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
}
