import type { Json } from '@duckdb/node-api';

/** How a column's values are stored in Parquet. */
export type ColumnKind =
  'DOUBLE' | 'BIGINT' | 'INTEGER' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'VARCHAR' | 'BLOB' | 'LIST';

/** What the items of a tensor column are: an Open Inference Protocol datatype, and the shape of one item. */
export interface TensorType {
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** One column of a snapshot: its type and what its values look like. */
export interface ColumnProfile {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullCount: number;
  /** Exact up to 1,000, approximate above. */
  readonly distinctCount: number;
  /** As text, at most 256 characters; null when every value is missing. */
  readonly min: string | null;
  readonly max: string | null;
  /** Numeric columns with values only. */
  readonly mean: number | null;
  /** Of the sample; null for fewer than two values and for values beyond 1e150. */
  readonly standardDeviation: number | null;
  /** First quartile, median, third quartile; empty for columns that are not numeric or have no value. */
  readonly quartiles: readonly number[];
  /** Tensor columns only. */
  readonly tensor?: TensorType;
}

/** A table as it lies in the blob store. */
export interface StoredTable {
  /** Lower-case hex SHA-256 of its Parquet file. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A value as JSON has it; lists and structures keep their form. */
export type PreviewValue = Json;

/** Some rows of a table. */
export interface TablePreview {
  readonly columns: readonly string[];
  /** Values as text, missing ones empty. */
  readonly rows: readonly (readonly string[])[];
  /** The same rows; missing values are null. */
  readonly typedRows: readonly (readonly PreviewValue[])[];
}
