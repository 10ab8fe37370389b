import { DuckDBTypeId } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from './sql.js';

/** Cells of one row group: bounds the memory of the writer for wide tables. */
const CELLS_PER_GROUP = 4_000_000;
const LARGEST_GROUP = 122_880;
/** DuckDB's vector size: groups are multiples of it. */
const SMALLEST_GROUP = 2_048;

/** Types whose values may be large. */
const LARGE_TYPES: readonly DuckDBTypeId[] = [DuckDBTypeId.BLOB, DuckDBTypeId.LIST];

/**
 * Writes the rows of a query as Parquet. The bytes depend on the rows and the DuckDB version only: one thread, a fixed
 * compression, and row groups sized by the number of columns. With images or tensors among the columns, every chunk that
 * the query gives is a row group: whoever writes such rows first bounds the chunks by their size.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  query: string,
  columnCount: number,
  path: string,
): Promise<void> {
  await connection.run('SET threads = 1');
  const groupSize = (await hasLargeValues(connection, query)) ? 1 : rowGroupSize(columnCount);
  await copyTo(connection, query, groupSize, path);
}

/**
 * The same with all threads, for a query that gives the rows of files which have as many rows as a row group each (the last
 * may have fewer), and all of them: a file becomes a row group whichever thread takes it, so the bytes are the same.
 */
export async function writeRowGroups(
  connection: DuckDBConnection,
  query: string,
  columnCount: number,
  path: string,
): Promise<void> {
  await copyTo(connection, query, rowGroupSize(columnCount), path);
  // Whoever measures the table next sums up in one order.
  await connection.run('SET threads = 1');
}

async function copyTo(
  connection: DuckDBConnection,
  query: string,
  groupSize: number,
  path: string,
): Promise<void> {
  // The first level costs a third of the time of the default and leaves the files 2 % larger.
  const options = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${groupSize}`;
  await connection.run(`COPY (${query}) TO ${quoteText(path)} (${options})`);
}

async function hasLargeValues(connection: DuckDBConnection, query: string): Promise<boolean> {
  const reader = await connection.runAndReadAll(`SELECT * FROM (${query}) LIMIT 0`);
  return reader.columnTypes().some(({ typeId }) => LARGE_TYPES.includes(typeId));
}

/** Rows of one row group of a table with so many columns. */
export function rowGroupSize(columnCount: number): number {
  const byCells = Math.floor(CELLS_PER_GROUP / columnCount / SMALLEST_GROUP) * SMALLEST_GROUP;
  return Math.max(SMALLEST_GROUP, Math.min(LARGEST_GROUP, byCells));
}

/** A Parquet file as a DuckDB table. */
export function parquetSource(path: string): string {
  // A folder named "a=b" above the file must not become a column.
  return `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
}
