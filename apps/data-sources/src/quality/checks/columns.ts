import { percent, finding } from '../finding.js';
import type { Finding } from '../finding.js';
import type { ColumnSpread, MeasuredColumn } from '../../profiles/spread.js';

/** From this share of missing values on a column needs a look. */
const MUCH_MISSING = 0.05;

/** What the profile alone tells of one column. */
export interface ColumnFacts {
  readonly column: MeasuredColumn;
  readonly spread: ColumnSpread | undefined;
  readonly rowCount: number;
  readonly isTarget: boolean;
  /** The first rows without a value. */
  readonly missingRows: readonly number[];
}

/** Values that are missing. */
export function missing({ column, rowCount, isTarget, missingRows }: ColumnFacts): Finding[] {
  const { name, nullCount } = column;
  if (nullCount === 0) return [];
  const share = nullCount / rowCount;
  const isEmpty = nullCount === rowCount;
  const severity = isTarget && isEmpty ? 'error' : isTarget || share >= MUCH_MISSING ? 'warning' : 'info';
  return [
    finding({
      check: 'missing',
      severity,
      columns: [name],
      message: isEmpty
        ? `"${name}" has no values at all.`
        : `"${name}" has no value in ${nullCount} of ${rowCount} rows (${percent(share)}).`,
      advice: missingAdvice(isEmpty, isTarget),
      value: share,
      threshold: 0,
      count: nullCount,
      rows: missingRows,
    }),
  ];
}

/** One value in all rows. */
export function constant({ column, isTarget }: ColumnFacts): Finding[] {
  if (column.min === null || column.distinctCount !== 1) return [];
  return [
    finding({
      check: 'constant',
      severity: isTarget ? 'error' : 'warning',
      columns: [column.name],
      message: `"${column.name}" has the same value wherever it has one: ${column.min}.`,
      advice: isTarget
        ? 'There is nothing to predict: choose another target, or add rows with other values.'
        : 'A model learns nothing from it: drop it.',
      value: 1,
      threshold: 1,
      values: [column.min],
    }),
  ];
}

/** Numbers that no model can learn from. */
export function notFinite({ column, spread }: ColumnFacts): Finding[] {
  const { nanCount = 0, infiniteCount = 0 } = spread ?? {};
  const count = nanCount + infiniteCount;
  if (count === 0) return [];
  return [
    finding({
      check: 'not_finite',
      severity: 'warning',
      columns: [column.name],
      message: `"${column.name}" holds ${infiniteCount} infinite values and ${nanCount} that are not a number.`,
      advice:
        'Most trainers refuse them: filter these rows out, or name the texts as nullValues in the recipe.',
      value: count,
      threshold: 0,
      count,
    }),
  ];
}

/** Columns of a very wide table that were left out. */
export function uncheckedColumns(columnCount: number, limit: number): Finding[] {
  if (columnCount <= limit) return [];
  return [
    finding({
      check: 'unchecked_columns',
      severity: 'info',
      columns: [],
      message: `Only the first ${limit} of ${columnCount} columns were checked.`,
      advice: 'Select the columns you need in the recipe, and all of them are checked.',
      value: columnCount,
      threshold: limit,
      count: columnCount - limit,
    }),
  ];
}

function missingAdvice(isEmpty: boolean, isTarget: boolean): string {
  if (isEmpty) return isTarget ? 'Choose another target.' : 'Drop the column.';
  if (isTarget) return 'Rows without a target cannot be learnt from: filter them out.';
  return 'Fill the gaps in the recipe (a value, mean, median or mode), or drop the column or the rows.';
}
