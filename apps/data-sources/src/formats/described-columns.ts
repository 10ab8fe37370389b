import type { DuckDBConnection } from '@duckdb/node-api';
import type { RecipeColumnType } from '@aimass/contracts';
import type { Recipe } from '../recipes/recipe.js';
import { quoteName, quoteText } from '../tables/sql.js';
import type { ColumnKind } from '../tables/table.js';
import { castSql } from '../transforms/cast-sql.js';
import { checkFormats, overriddenValue } from './csv/overridden-value.js';
import { columnTypeUnsupported, columnUnknown, columnValueInvalid } from './described-columns.errors.js';
import type { TableColumn, TableSource } from './format.js';

type Description = NonNullable<Recipe['columns']>[number];

const STORED_KINDS: Readonly<Record<RecipeColumnType, ColumnKind>> = {
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  text: 'VARCHAR',
};

/** A column as the recipe wants it. */
interface DescribedColumn {
  readonly column: TableColumn;
  /** SQL over the table; NULL for a value that is not what was wanted. */
  readonly value: string;
  /** SQL of the value before, with those that mean none NULL; absent when the recipe wants no other type. */
  readonly before?: string;
}

/**
 * A table with its columns as the recipe describes them: type, form of dates, texts that mean no value. CSV does that
 * while it reads. Throws for a column that is not there, and for the first value that is not of the wanted type.
 */
export async function asDescribed(
  connection: DuckDBConnection,
  table: TableSource,
  recipe: Recipe,
): Promise<TableSource> {
  const descriptions = recipe.columns ?? [];
  if (descriptions.length === 0) return table;
  const unknown = descriptions.find(({ name }) => !table.columns.some((column) => column.name === name));
  if (unknown) throw columnUnknown(unknown.name);
  await checkFormats(connection, descriptions);
  const byName = new Map(descriptions.map((description) => [description.name, description]));
  const described = table.columns.map((column) => {
    const description = byName.get(column.name);
    return description ? describe(column, description) : { column, value: quoteName(column.name) };
  });
  await checkValues(connection, table.query, described);
  const values = described.map(({ column, value }) => `${value} AS ${quoteName(column.name)}`);
  return {
    ...table,
    columns: described.map(({ column }) => column),
    query: `SELECT ${values.join(', ')} FROM (${table.query})`,
  };
}

function describe(column: TableColumn, description: Description): DescribedColumn {
  const before = withoutNulls(column.name, description.nullValues ?? []);
  const { type, format } = description;
  if (type === undefined && format === undefined) return { column, value: before };
  const { name, kind } = column;
  if (kind === 'VARCHAR') {
    const wanted = overriddenValue(before, description, STORED_KINDS[type ?? 'text']);
    return { column: { name, kind: wanted.kind }, value: wanted.value, before };
  }
  const value = type && castSql(before, kind, type);
  if (!type || !value) throw columnTypeUnsupported(name, kind, type ?? 'date');
  return { column: { name, kind: STORED_KINDS[type] }, value, before };
}

function withoutNulls(name: string, nulls: readonly string[]): string {
  const column = quoteName(name);
  if (nulls.length === 0) return column;
  return `CASE WHEN CAST(${column} AS VARCHAR) NOT IN (${nulls.map(quoteText).join(', ')}) THEN ${column} END`;
}

/** Throws for the first value that is not what is wanted, naming its row, counted from 1. */
async function checkValues(
  connection: DuckDBConnection,
  query: string,
  described: readonly DescribedColumn[],
): Promise<void> {
  const doubtful = described.flatMap(({ column, value, before }) =>
    before ? [{ column, value, before }] : [],
  );
  if (doubtful.length === 0) return;
  const bad = doubtful.map(({ value, before }) => `(${before}) IS NOT NULL AND (${value}) IS NULL`);
  const numbered = `(SELECT row_number() OVER () AS row_number, * FROM (${query}) AS rows) AS numbered`;
  const firsts = doubtful.map(
    ({ before }, index) =>
      `min({'row': row_number, 'value': CAST(${before} AS VARCHAR)}) FILTER (${bad[index] ?? 'false'})`,
  );
  const columns = firsts.flatMap((first) => [`(${first}).row`, `(${first}).value`]);
  const reader = await connection.runAndReadAll(`SELECT ${columns.join(', ')} FROM ${numbered}`);
  const found = reader.getRows()[0] ?? [];
  for (const [index, { column }] of doubtful.entries()) {
    const row = found[index * 2];
    if (row !== null && row !== undefined) {
      throw columnValueInvalid(String(row), column, String(found[index * 2 + 1]));
    }
  }
}
