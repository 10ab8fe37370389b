import type { DuckDBConnection } from '@duckdb/node-api';

/** A column of a table under construction. */
export interface TypedColumn {
  readonly name: string;
  /** As DuckDB names it: `BIGINT`, `DECIMAL(18,3)`, … */
  readonly type: string;
}

/** What can be done with a column's values. */
export type ValueKind = 'integer' | 'real' | 'boolean' | 'text' | 'date' | 'timestamp' | 'other';

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const REAL = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const TIMESTAMP = /^TIMESTAMP/;

/** The kind of a DuckDB type. */
export function kindOf(type: string): ValueKind {
  if (INTEGER.test(type)) return 'integer';
  if (REAL.test(type)) return 'real';
  if (TIMESTAMP.test(type)) return 'timestamp';
  if (type === 'VARCHAR') return 'text';
  if (type === 'BOOLEAN') return 'boolean';
  return type === 'DATE' ? 'date' : 'other';
}

/** Whether a column holds numbers. */
export function isNumeric(type: string): boolean {
  return ['integer', 'real'].includes(kindOf(type));
}

/** SQL that says whether a value is missing: absent, NaN, or empty text, as everywhere in transforms. */
export function isMissing(value: string, type: string): string {
  if (type === 'DOUBLE' || type === 'FLOAT') return `(${value} IS NULL OR isnan(${value}))`;
  return kindOf(type) === 'text' ? `(${value} IS NULL OR ${value} = '')` : `(${value} IS NULL)`;
}

/** The columns of a relation, in order. */
export async function columnsOf(connection: DuckDBConnection, relation: string): Promise<TypedColumn[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
  // DESCRIBE answers with text columns only.
  const rows = reader.getRowObjectsJS() as { column_name: string; column_type: string }[];
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
}
