import type { DuckDBConnection } from '@duckdb/node-api';
import { asDouble } from '../profiles/bins.js';
import { numberedRows } from '../profiles/sampled-rows.js';
import { isNumeric, isScalar, isTime } from '../profiles/spread.js';
import type { ColumnSpread, MeasuredColumn } from '../profiles/spread.js';
import { chooseBins, countInBins } from '../quality/distributions.js';
import type { DistributedColumn } from '../quality/distributions.js';
import { stabilityIndex } from '../quality/stability.js';
import { parquetSource } from '../tables/parquet.js';
import { quoteName } from '../tables/sql.js';

/** Rows that are shown of each kind. */
const SAMPLES = 20;
/** Rows of wider tables would take too much memory to compare. */
const COMPARED_COLUMNS = 1_000;
/** Columns of one query. */
const COLUMNS_PER_QUERY = 100;
const MAX_TEXT = 256;

/** One of two tables that are compared. */
export interface DiffSide {
  readonly path: string;
  readonly columns: readonly MeasuredColumn[];
  readonly rowCount: number;
  /** Empty when they were not measured. */
  readonly spreads: readonly ColumnSpread[];
}

/** How two tables differ. */
export interface TableDiff {
  /** Names of the columns that both have with the same type and whose values can be compared. */
  readonly comparedColumns: readonly string[];
  /** Rows by content over those columns, as a multiset: a row that is there twice and once is kept once. */
  readonly added: number;
  readonly removed: number;
  readonly kept: number;
  /** The first rows, in file order, values as text, missing ones empty. */
  readonly addedRows: readonly (readonly string[])[];
  readonly removedRows: readonly (readonly string[])[];
  /** Population stability index by column; a column without values in one of the tables has none. */
  readonly stability: ReadonlyMap<string, number>;
}

/**
 * Compares two tables. Rows are compared by a 64-bit hash of their values: of ten million rows a difference is missed
 * with a chance of less than one in a hundred thousand.
 */
export async function diffTables(
  connection: DuckDBConnection,
  after: DiffSide,
  before: DiffSide,
): Promise<TableDiff> {
  const shared = sharedColumns(after, before);
  const stability = await stabilityOf(connection, { after, before, shared });
  const comparedColumns = shared.map(({ name }) => name);
  if (shared.length === 0 || shared.length > COMPARED_COLUMNS) {
    const none = { comparedColumns: [], kept: 0, addedRows: [], removedRows: [] };
    return { ...none, added: after.rowCount, removed: before.rowCount, stability };
  }
  await fingerprint(connection, 'after_rows', after, comparedColumns);
  await fingerprint(connection, 'before_rows', before, comparedColumns);
  const added = await surplus(connection, 'after_rows', 'before_rows');
  const removed = await surplus(connection, 'before_rows', 'after_rows');
  return {
    comparedColumns,
    added: added.count,
    removed: removed.count,
    kept: after.rowCount - added.count,
    addedRows: await readRows(connection, after, comparedColumns, added.rows),
    removedRows: await readRows(connection, before, comparedColumns, removed.rows),
    stability,
  };
}

function sharedColumns(after: DiffSide, before: DiffSide): MeasuredColumn[] {
  const kinds = new Map(before.columns.map(({ name, kind }) => [name, kind]));
  return after.columns.filter(({ name, kind }) => isScalar(kind) && kinds.get(name) === kind);
}

/** A table with the fingerprint of every row: equal rows have equal ones. */
async function fingerprint(
  connection: DuckDBConnection,
  table: string,
  side: DiffSide,
  columns: readonly string[],
): Promise<void> {
  const { source, row } = numberedRows(side.path, side.columns);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS
      SELECT ${row} AS row, hash(${columns.map(quoteName).join(', ')}) AS fingerprint FROM ${source}`,
  );
}

/** Rows that one table has more often than the other, and the first of them. */
async function surplus(
  connection: DuckDBConnection,
  table: string,
  other: string,
): Promise<{ count: number; rows: number[] }> {
  // Of a row that is there more often than in the other table, the last copies are the ones too many.
  const extra = `WITH mine AS (SELECT fingerprint, count(*) AS copies FROM ${table} GROUP BY fingerprint),
    theirs AS (SELECT fingerprint, count(*) AS copies FROM ${other} GROUP BY fingerprint),
    extra AS (SELECT mine.fingerprint, mine.copies - coalesce(theirs.copies, 0) AS surplus
      FROM mine LEFT JOIN theirs USING (fingerprint) WHERE mine.copies > coalesce(theirs.copies, 0))`;
  const counted = await connection.runAndReadAll(`${extra} SELECT coalesce(sum(surplus), 0) FROM extra`);
  const first = await connection.runAndReadAll(
    `${extra}, candidates AS (SELECT row, fingerprint, surplus,
        row_number() OVER (PARTITION BY fingerprint ORDER BY row DESC) AS place
        FROM ${table} JOIN extra USING (fingerprint))
      SELECT row FROM candidates WHERE place <= surplus ORDER BY row LIMIT ${SAMPLES}`,
  );
  return {
    count: Number(counted.getRows()[0]?.[0]),
    rows: first.getRows().map(([row]) => Number(row)),
  };
}

async function readRows(
  connection: DuckDBConnection,
  side: DiffSide,
  columns: readonly string[],
  rows: readonly number[],
): Promise<string[][]> {
  if (rows.length === 0) return [];
  const { source, row } = numberedRows(side.path, side.columns);
  const values = columns.map(
    (name) => `left(coalesce(CAST(${quoteName(name)} AS VARCHAR), ''), ${MAX_TEXT})`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${values.join(', ')} FROM ${source} WHERE ${row} IN (${rows.join(', ')}) ORDER BY ${row}`,
  );
  return reader.getRows().map((cells) => cells.map(String));
}

/** Over all rows of both tables; bins are tenths of the table before, or its most frequent values. */
async function stabilityOf(
  connection: DuckDBConnection,
  tables: { after: DiffSide; before: DiffSide; shared: readonly MeasuredColumn[] },
): Promise<Map<string, number>> {
  const { after, before, shared } = tables;
  const spreads = new Map(before.spreads.map((spread) => [spread.name, spread]));
  const indices = new Map<string, number>();
  const full = shared.filter(({ name }) => hasValues(after, name) && hasValues(before, name));
  for (let start = 0; start < full.length; start += COLUMNS_PER_QUERY) {
    const columns = full.slice(start, start + COLUMNS_PER_QUERY).map(distributed);
    const bins = await chooseBins(connection, parquetSource(before.path), columns, spreads);
    const was = await countInBins(connection, parquetSource(before.path), columns, bins);
    const is = await countInBins(connection, parquetSource(after.path), columns, bins);
    for (const [index, { column, counts }] of is.entries()) {
      indices.set(column, stabilityIndex(was[index]?.counts ?? [], counts));
    }
  }
  return indices;
}

function hasValues({ columns }: DiffSide, column: string): boolean {
  return columns.some(({ name, min }) => name === column && min !== null);
}

function distributed({ name, kind }: MeasuredColumn): DistributedColumn {
  const isMeasured = isNumeric(kind) || isTime(kind);
  return { name, kind, value: isMeasured ? asDouble(name, kind) : `CAST(${quoteName(name)} AS VARCHAR)` };
}
