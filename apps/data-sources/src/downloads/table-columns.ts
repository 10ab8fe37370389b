import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetSource } from '../tables/parquet.js';

/** A column as DuckDB reads it from Parquet. */
export interface StoredColumn {
  readonly name: string;
  /** DuckDB's name: `BIGINT`, `FLOAT[]`, … */
  readonly type: string;
}

/** The columns of a Parquet file, in order. */
export async function storedColumns(connection: DuckDBConnection, path: string): Promise<StoredColumn[]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${parquetSource(path)} LIMIT 0`);
  const types = reader.columnTypes().map(String);
  return reader.columnNames().map((name, index) => ({ name, type: types[index] ?? '' }));
}
