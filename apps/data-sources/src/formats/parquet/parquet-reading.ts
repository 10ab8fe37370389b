import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import type { FetchedFile } from '../../connectors/connector.js';
import { quoteName, quoteText } from '../../tables/sql.js';
import { parquetSource } from '../../tables/parquet.js';
import { checkColumnNames } from '../column-names.js';
import { planColumn } from './column-plan.js';
import type { ColumnQuestion, PlannedColumn } from './column-plan.js';
import { parquetColumnRenamed, parquetNoRows, parquetSchemasDiffer } from './parquet.errors.js';

/** More columns in one query would cost DuckDB more memory than an operation may use. */
const COLUMNS_PER_QUERY = 200;

/** Files that have been read once from end to end, so that they can be read again. */
export interface ReadableFiles {
  /** A table function of the rows of all files in order. */
  readonly source: string;
  readonly columns: readonly PlannedColumn[];
  readonly rowCount: number;
}

/** Finds out how the files are to be read, and reads every value as it will be read: what cannot be throws here. */
export async function readOnce(
  connection: DuckDBConnection,
  files: readonly FetchedFile[],
): Promise<ReadableFiles> {
  const schema = await commonSchema(connection, files);
  checkColumnNames(schema.map(({ name }) => name));
  const source = `read_parquet([${files.map(({ path }) => quoteText(path)).join(', ')}], hive_partitioning = false)`;
  const columns = await decidedColumns(
    connection,
    source,
    schema.map(({ name, type }) => planColumn(name, type)),
  );
  let rowCount = 0;
  for (let start = 0; start < columns.length; start += COLUMNS_PER_QUERY) {
    const values = columns.slice(start, start + COLUMNS_PER_QUERY).map(({ value }) => value);
    const query = `SELECT count(*), bit_xor(hash(${values.join(', ')})) FROM ${source}`;
    rowCount = Number((await connection.runAndReadAll(query)).getRows()[0]?.[0]);
  }
  if (rowCount === 0) throw parquetNoRows();
  return { source, columns, rowCount };
}

interface FileColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** The columns of all files. Throws when they differ. */
async function commonSchema(
  connection: DuckDBConnection,
  [first, ...others]: readonly FetchedFile[],
): Promise<FileColumn[]> {
  if (!first) return [];
  const schema = await schemaOf(connection, first);
  for (const other of others) {
    if (textOf(await schemaOf(connection, other)) !== textOf(schema)) {
      throw parquetSchemasDiffer(first.name, other.name);
    }
  }
  return schema;
}

async function schemaOf(connection: DuckDBConnection, { path }: FetchedFile): Promise<FileColumn[]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${parquetSource(path)} LIMIT 0`);
  const types = reader.columnTypes();
  const written = await connection.runAndReadAll(
    `SELECT DISTINCT name FROM parquet_schema(${quoteText(path)})`,
  );
  const names = new Set(written.getRows().map(([name]) => name));
  return reader.columnNames().map((name, index) => {
    const type = types[index];
    // DuckDB renames the second of two columns that have the same name.
    if (!type || !names.has(name)) throw parquetColumnRenamed(name);
    return { name, type };
  });
}

function textOf(schema: readonly FileColumn[]): string {
  return schema.map(({ name, type }) => `${quoteName(name)} ${String(type)}`).join(', ');
}

/** Asks the values of the columns whose types depend on them. */
async function decidedColumns(
  connection: DuckDBConnection,
  source: string,
  plans: readonly (PlannedColumn | ColumnQuestion)[],
): Promise<PlannedColumn[]> {
  const questions = plans.filter((plan) => 'decide' in plan);
  const decided = new Map<string, PlannedColumn>();
  for (let start = 0; start < questions.length; start += COLUMNS_PER_QUERY) {
    const some = questions.slice(start, start + COLUMNS_PER_QUERY);
    const aggregates = some.flatMap(({ aggregates: both }) => both);
    const reader = await connection.runAndReadAll(`SELECT ${aggregates.join(', ')} FROM ${source}`);
    const answers = reader.getRows()[0] ?? [];
    some.forEach(({ name, decide }, index) => {
      decided.set(name, decide(answers[index * 2], answers[index * 2 + 1]));
    });
  }
  return plans.map((plan) => ('decide' in plan ? (decided.get(plan.name) ?? plan.decide(null, null)) : plan));
}
