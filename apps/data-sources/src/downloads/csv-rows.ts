import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetSource } from '../tables/parquet.js';
import { quoteName } from '../tables/sql.js';
import type { StoredColumn } from './table-columns.js';

const LINE_END = '\r\n';
/** A text that would be read otherwise without quotes: RFC 4180, and blanks that readers trim. */
const NEEDS_QUOTES = `[",\\r\\n]|^[ \\t]|[ \\t]$`;

/**
 * The rows of a Parquet file as CSV (RFC 4180, UTF-8, a header), in file order: the same table gives the same bytes.
 * A missing value is empty, an empty text `""`, a file base64. Values are what they are: one that a spreadsheet would
 * take for a formula is not altered.
 */
export async function* csvRows(
  connection: DuckDBConnection,
  path: string,
  columns: readonly StoredColumn[],
): AsyncGenerator<Buffer> {
  yield Buffer.from(columns.map(({ name }) => quoted(name)).join(',') + LINE_END);
  // One thread: a download goes as fast as its reader, and leaves the others to imports.
  await connection.run('SET threads = 1');
  const fields = columns.map((column) => field(column, columns.length === 1));
  const line = `concat(${fields.join(", ',', ")}, chr(13), chr(10))`;
  const result = await connection.stream(`SELECT ${line} FROM ${parquetSource(path)}`);
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    yield Buffer.from(chunk.getColumnValues(0).join(''));
  }
}

/** SQL of one field. `concat` takes null for nothing. */
function field({ name, type }: StoredColumn, isAlone: boolean): string {
  const column = quoteName(name);
  // An empty line would be no row.
  return isAlone ? `coalesce(${written(column, type)}, '""')` : written(column, type);
}

function written(column: string, type: string): string {
  if (type === 'BLOB') return `base64(${column})`;
  if (type !== 'VARCHAR' && !type.endsWith(']')) return `CAST(${column} AS VARCHAR)`;
  const text = `CAST(${column} AS VARCHAR)`;
  return `CASE WHEN ${text} = '' OR regexp_matches(${text}, '${NEEDS_QUOTES}')
    THEN '"' || replace(${text}, '"', '""') || '"' ELSE ${text} END`;
}

function quoted(name: string): string {
  return /[",\r\n]|^[ \t]|[ \t]$|^$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
