import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { parquetSource } from './parquet.js';
import { quoteName } from './sql.js';
import type { PreviewValue, TablePreview } from './table.js';

/** A preview never has more cells: it must fit one message. */
const PREVIEW_CELLS = 250_000;

/** Which rows to show. */
export interface PreviewWindow {
  /** Rows to skip. */
  readonly offset: number;
  /** Rows to show; fewer of a table with very many columns. */
  readonly limit: number;
}

/** Rows of a Parquet file in file order, as text and as JSON values. */
export async function previewTable(
  connection: DuckDBConnection,
  path: string,
  { offset, limit }: PreviewWindow,
): Promise<TablePreview> {
  const schema = await connection.runAndReadAll(`SELECT * FROM ${parquetSource(path)} LIMIT 0`);
  const columns = schema.columnNames();
  const types = schema.columnTypes().map(String);
  const rowLimit = Math.max(1, Math.min(limit, Math.floor(PREVIEW_CELLS / columns.length)));
  const shown = columns.map((name, index) => shownColumn(quoteName(name), types[index]));
  const texts = shown.map((value) => `coalesce(CAST(${value} AS VARCHAR), '')`);
  const reader = await connection.runAndReadAll(
    `SELECT ${[...texts, ...shown].join(', ')} FROM ${parquetSource(path)} LIMIT ${rowLimit} OFFSET ${offset}`,
  );
  const rows = reader.getRowsJson();
  return {
    columns,
    rows: rows.map((row) => row.slice(0, columns.length).map(String)),
    typedRows: rows.map((row) =>
      row.slice(columns.length).map((value, index) => typedValue(value, types[index])),
    ),
  };
}

/** Files in a table, such as images, are told by their size: their bytes would fill the message. */
function shownColumn(column: string, type: string | undefined): string {
  return type === 'BLOB' ? `octet_length(${column}) || ' bytes'` : column;
}

/** DuckDB gives 64-bit integers as text, since not all of them are numbers of JSON. */
function typedValue(value: Json, type: string | undefined): PreviewValue {
  if (type !== 'BIGINT' || typeof value !== 'string') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
