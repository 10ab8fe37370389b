import type { DuckDBConnection } from '@duckdb/node-api';
import { textOf } from '../../profiles/json-values.js';
import { isWhole } from '../../profiles/spread.js';
import type { MeasuredColumn } from '../../profiles/spread.js';
import { parquetSource } from '../../tables/parquet.js';
import { quoteName } from '../../tables/sql.js';
import { finding, percent } from '../finding.js';
import type { Finding } from '../finding.js';

/** More values than this, and a column of whole numbers is one of numbers rather than classes. */
const MOST_CLASSES = 20;
/** A text with more values than this is no class. */
const MOST_COUNTED = 1_000;
const MAX_TEXT = 256;
/** How much larger the largest class may be than the smallest. */
const IMBALANCE = 10;
/** With fewer rows a class cannot be in train, validation and test. */
const FEWEST_ROWS = 3;

/** Whether a target is one of classes. */
export function isClassTarget({ kind, distinctCount }: MeasuredColumn): boolean {
  return kind === 'BOOLEAN' || kind === 'VARCHAR' || (isWhole(kind) && distinctCount <= MOST_CLASSES);
}

/** Classes of the target that are much rarer than others. */
export async function classImbalance(
  connection: DuckDBConnection,
  path: string,
  target: MeasuredColumn,
): Promise<Finding[]> {
  if (!isClassTarget(target) || target.distinctCount > MOST_COUNTED) return [];
  const name = quoteName(target.name);
  const reader = await connection.runAndReadAll(
    `SELECT CAST(${name} AS VARCHAR), count(*) AS rows FROM ${parquetSource(path)} WHERE ${name} IS NOT NULL
      GROUP BY ${name} ORDER BY rows DESC, ${name}`,
  );
  const classes = reader
    .getRowsJson()
    .map(([value, rows]) => ({ value: textOf(value).slice(0, MAX_TEXT), count: Number(rows) }));
  return describe(target.name, classes);
}

function describe(name: string, classes: readonly { value: string; count: number }[]): Finding[] {
  const largest = classes[0];
  const smallest = classes.at(-1);
  if (!largest || !smallest || classes.length < 2) return [];
  const ratio = largest.count / smallest.count;
  if (ratio < IMBALANCE && smallest.count >= FEWEST_ROWS) return [];
  const total = classes.reduce((sum, { count }) => sum + count, 0);
  return [
    finding({
      check: 'class_imbalance',
      severity: 'warning',
      columns: [name],
      message: `The rarest class "${smallest.value}" has ${smallest.count} of ${total} rows (${percent(smallest.count / total)}), the most frequent one "${largest.value}" ${largest.count}.`,
      advice:
        'Split stratified by this column, judge by measures other than accuracy, and weigh or resample the classes.',
      value: ratio,
      threshold: IMBALANCE,
      count: smallest.count,
      values: [smallest.value, largest.value],
    }),
  ];
}
