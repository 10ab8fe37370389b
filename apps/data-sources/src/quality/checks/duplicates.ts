import type { DuckDBConnection } from '@duckdb/node-api';
import { numberedRows } from '../../profiles/sampled-rows.js';
import { isScalar } from '../../profiles/spread.js';
import type { MeasuredTable } from '../../profiles/spread.js';
import { parquetSource } from '../../tables/parquet.js';
import { quoteName } from '../../tables/sql.js';
import { EXAMPLES, finding, percent } from '../finding.js';
import type { Finding } from '../finding.js';

/** Rows whose fingerprints are compared; of a larger table, those of every n-th fingerprint. */
const COMPARED_ROWS = 2_000_000;
/** From this share on it is no accident. */
const MANY = 0.01;
/** Columns whose equality is verified on all rows. */
const VERIFIED_COLUMNS = 50;

/** Rows of wider tables would take too much memory to compare. */
const COMPARED_COLUMNS = 1_000;

/** Whether a table's rows can be compared: files and lists cannot. */
export function areRowsComparable({ columns, rowCount }: MeasuredTable): boolean {
  const isComparable = columns.every(({ kind }) => isScalar(kind));
  return isComparable && rowCount > 1 && columns.length <= COMPARED_COLUMNS;
}

/** Rows that are there more than once. */
export async function duplicateRows(connection: DuckDBConnection, table: MeasuredTable): Promise<Finding[]> {
  if (!areRowsComparable(table)) return [];
  const names = table.columns.map(({ name }) => quoteName(name));
  const { source, row } = numberedRows(table.path, table.columns);
  // Equal rows have equal fingerprints, so that a choice by fingerprint keeps all copies of what it keeps.
  const every = Math.ceil(table.rowCount / COMPARED_ROWS);
  const reader = await connection.runAndReadAll(
    `WITH fingerprints AS (SELECT ${row} AS row, hash(${names.join(', ')}) AS fingerprint FROM ${source}),
      repeated AS (SELECT min(row) AS first, count(*) AS copies FROM fingerprints WHERE fingerprint % ${every} = 0
        GROUP BY fingerprint HAVING count(*) > 1)
      SELECT coalesce(sum(copies - 1), 0), min(first, ${EXAMPLES}) FROM repeated`,
  );
  const [extra, firsts] = reader.getRowsJson()[0] ?? [];
  const count = Number(extra) * every;
  if (count === 0) return [];
  const share = Math.min(1, count / table.rowCount);
  return [
    finding({
      check: 'duplicate_rows',
      severity: share >= MANY ? 'warning' : 'info',
      columns: [],
      message: `Rows that repeat an earlier row: ${every > 1 ? 'about ' : ''}${count} (${percent(share)}).`,
      advice:
        'If they are not separate observations, remove them: copies of a row in train and test make a model look better than it is.',
      value: share,
      threshold: 0,
      count,
      isEstimated: every > 1,
      rows: Array.isArray(firsts) ? firsts.map(Number) : [],
    }),
  ];
}

/** A column and a fingerprint of its values in the sample: equal columns have equal ones. */
export interface ColumnFingerprint {
  readonly name: string;
  readonly fingerprint: string;
}

/** Columns with the same values in all rows. */
export async function duplicateColumns(
  connection: DuckDBConnection,
  table: MeasuredTable,
  fingerprints: readonly ColumnFingerprint[],
): Promise<Finding[]> {
  const firsts = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const { name, fingerprint } of fingerprints) {
    const first = firsts.get(fingerprint);
    if (first === undefined) firsts.set(fingerprint, name);
    else pairs.push([first, name]);
  }
  const equal = await equalPairs(connection, table.path, pairs.slice(0, VERIFIED_COLUMNS));
  return equal.map(([first, name]) =>
    finding({
      check: 'duplicate_columns',
      severity: 'warning',
      columns: [first, name],
      message: `"${name}" has the same value as "${first}" in every row.`,
      advice: `Drop one of the two.`,
    }),
  );
}

async function equalPairs(
  connection: DuckDBConnection,
  path: string,
  pairs: readonly (readonly [string, string])[],
): Promise<(readonly [string, string])[]> {
  if (pairs.length === 0) return [];
  const differ = pairs.map(([a, b]) => `count(*) FILTER (${quoteName(a)} IS DISTINCT FROM ${quoteName(b)})`);
  const reader = await connection.runAndReadAll(`SELECT ${differ.join(', ')} FROM ${parquetSource(path)}`);
  const counts = (reader.getRowsJson()[0] ?? []).map(Number);
  return pairs.filter((_, index) => counts[index] === 0);
}
