import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName, quoteText } from '../tables/sql.js';
import { columnsOf, isMissing, kindOf } from '../transforms/typed-column.js';
import type { TypedColumn } from '../transforms/typed-column.js';
import { assignGroups } from './group-assignment.js';
import type { SplitChoice } from './split-choice.js';
import { PARTS, targetSizes } from './split-plan.js';
import type { Ratios } from './split-plan.js';
import { splitColumnInvalid, splitColumnMissingValues, splitColumnUnknown } from './splits.errors.js';

/**
 * Makes the temporary table `membership (row_index, part)` with one row for each row of `source`, in its order; `part` is
 * the place of the part among PARTS. It depends on nothing but the rows and the choice: keys are the first 64 bits of
 * SHA-256, sizes and cuts are whole numbers, and ties go to the row that comes first.
 *
 * `source` stands after FROM and keeps its order. Returns how many rows each part has, in the order of PARTS.
 */
export async function makeMembership(
  connection: DuckDBConnection,
  source: string,
  choice: SplitChoice,
): Promise<number[]> {
  const rowCount = await countOf(connection, source);
  await connection.run(
    `CREATE TEMP TABLE membership AS ${await query(connection, { source, choice, rowCount })} ORDER BY row_index`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${PARTS.map((_, part) => `count(*) FILTER (part = ${part})`).join(', ')} FROM membership`,
  );
  const sizes = (reader.getRows()[0] ?? []).map(Number);
  const placed = sizes.reduce((sum, size) => sum + size, 0);
  // A row that is in no part, or in two, must never be.
  if (placed !== rowCount) throw new Error(`${placed} of ${rowCount} rows were placed`);
  return sizes;
}

interface Task {
  readonly source: string;
  readonly choice: SplitChoice;
  readonly rowCount: number;
}

async function query(connection: DuckDBConnection, task: Task): Promise<string> {
  const { choice, source, rowCount } = task;
  if (choice.strategy === 'random') {
    const rows = `SELECT i AS row_index, ${rowKey(choice.seed, 'i')} AS key FROM range(${rowCount}) AS t (i)`;
    return ranked(rows, 'key, row_index', targetSizes(choice.ratios, rowCount));
  }
  const column = await findColumn(connection, source, choice.column);
  if (choice.strategy === 'stratified') return stratified(connection, valuesOf(source, column), choice);
  if (choice.strategy === 'group') {
    const rows = valuesOf(source, column);
    await assignGroups(connection, { rows, rowCount, ratios: choice.ratios, key: groupKey(choice.seed) });
    return `SELECT row_index, part FROM ${rows} AS data
      JOIN assignment ON assignment.value IS NOT DISTINCT FROM data.value`;
  }
  await assertTime(connection, source, column);
  const rows = numbered(source, quoteName(column.name));
  if ('cuts' in choice) {
    assertHasInstants(column);
    return `SELECT row_index, ${partByInstant('value', choice.cuts)} AS part FROM ${rows}`;
  }
  return ranked(rows, 'value, row_index', targetSizes(choice.ratios, rowCount));
}

/** The place of each row, from 0, and one value of it. */
function numbered(source: string, value: string): string {
  return `(SELECT row_number() OVER () - 1 AS row_index, ${value} AS value FROM ${source})`;
}

/** Values as text, so that every type has an order and a key that are the same everywhere. */
function valuesOf(source: string, { name }: TypedColumn): string {
  return numbered(source, `CAST(${quoteName(name)} AS VARCHAR)`);
}

/** Rows in an order, the first of them in the first part and so on. */
function ranked(rows: string, order: string, sizes: readonly number[]): string {
  return `SELECT row_index, ${partByRank(cutsOf(sizes))} AS part
    FROM (SELECT row_index, row_number() OVER (ORDER BY ${order}) AS rank FROM (${rows}))`;
}

function partByRank(cuts: readonly (number | string)[]): string {
  const cases = cuts.slice(0, -1).map((cut, part) => `WHEN rank <= ${cut} THEN ${part}`);
  return `CAST(CASE ${cases.join(' ')} ELSE ${cuts.length - 1} END AS UTINYINT)`;
}

/** The sizes of parts, added up. */
function cutsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => (end += size));
}

/** The first 64 bits of SHA-256 of "<seed>:<row>". */
function rowKey(seed: string, row: string): string {
  return `CAST('0x' || left(sha256(concat(${quoteText(seed)}, ':', CAST(${row} AS VARCHAR))), 16) AS UBIGINT)`;
}

/**
 * Every class is split by itself, by rank of the same keys and largest remainder: its cuts depend on its size alone, so
 * there are as many of them as there are different sizes, which is few even when there are many classes.
 */
async function stratified(
  connection: DuckDBConnection,
  values: string,
  { ratios, seed }: { readonly ratios: Ratios; readonly seed: string },
): Promise<string> {
  const sizes = await connection.runAndReadAll(
    `SELECT DISTINCT CAST(count(*) AS BIGINT) FROM ${values} GROUP BY value`,
  );
  const rows = sizes.getRows().map(([size]) => {
    const [train = 0, validation = 0] = cutsOf(targetSizes(ratios, Number(size)));
    return `(${String(size)}, ${train}, ${validation})`;
  });
  await connection.run(`CREATE TEMP TABLE class_cuts (size BIGINT, first BIGINT, second BIGINT)`);
  for (let start = 0; start < rows.length; start += CUTS_PER_INSERT) {
    await connection.run(
      `INSERT INTO class_cuts VALUES ${rows.slice(start, start + CUTS_PER_INSERT).join(', ')}`,
    );
  }
  return `SELECT row_index, ${partByRank(['first', 'second', ''])} AS part FROM (
      SELECT row_index, row_number() OVER (PARTITION BY value ORDER BY key, row_index) AS rank,
        count(*) OVER (PARTITION BY value) AS size
      FROM (SELECT row_index, value, ${rowKey(seed, 'row_index')} AS key FROM ${values}))
    JOIN class_cuts USING (size)`;
}

const CUTS_PER_INSERT = 1_000;

/** Of "<seed>:<value>"; rows without a value are one group, with the key of the seed alone. */
function groupKey(seed: string): string {
  const text = `CASE WHEN value IS NULL THEN ${quoteText(seed)} ELSE concat(${quoteText(seed)}, ':', value) END`;
  return `CAST('0x' || left(sha256(${text}), 16) AS UBIGINT)`;
}

function partByInstant(value: string, cuts: { validationFrom?: string; testFrom?: string }): string {
  const instant = (text: string) => `make_timestamp(epoch_us(CAST(${quoteText(text)} AS TIMESTAMPTZ)))`;
  const time = `CAST(${value} AS TIMESTAMP)`;
  const cases = [
    ...(cuts.testFrom === undefined ? [] : [`WHEN ${time} >= ${instant(cuts.testFrom)} THEN 2`]),
    ...(cuts.validationFrom === undefined ? [] : [`WHEN ${time} >= ${instant(cuts.validationFrom)} THEN 1`]),
  ];
  return `CAST(CASE ${cases.join(' ')} ELSE 0 END AS UTINYINT)`;
}

async function findColumn(connection: DuckDBConnection, source: string, name: string): Promise<TypedColumn> {
  const columns = await columnsOf(connection, source);
  const column = columns.find((each) => each.name === name);
  if (!column) {
    throw splitColumnUnknown(
      name,
      columns.map((each) => each.name),
    );
  }
  if (kindOf(column.type) === 'other')
    throw splitColumnInvalid(name, column.type, 'has values without an order');
  return column;
}

async function assertTime(connection: DuckDBConnection, source: string, column: TypedColumn): Promise<void> {
  const kind = kindOf(column.type);
  if (kind === 'text' || kind === 'boolean') {
    throw splitColumnInvalid(column.name, column.type, 'is neither a date, nor a time, nor a number');
  }
  const missing = await countOf(
    connection,
    `${source} WHERE ${isMissing(quoteName(column.name), column.type)}`,
  );
  if (missing > 0) throw splitColumnMissingValues(column.name, missing);
}

function assertHasInstants({ name, type }: TypedColumn): void {
  if (!['date', 'timestamp'].includes(kindOf(type))) {
    throw splitColumnInvalid(name, type, 'cannot be cut by points in time: give ratios instead');
  }
}

async function countOf(connection: DuckDBConnection, from: string): Promise<number> {
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`);
  return Number(reader.getRows()[0]?.[0]);
}
