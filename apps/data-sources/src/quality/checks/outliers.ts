import { literal } from '../../profiles/bins.js';
import { isNumeric } from '../../profiles/spread.js';
import type { SampledColumn } from '../sample.js';
import { finding, percent } from '../finding.js';
import type { Finding } from '../finding.js';

/** Tukey's far fences: so many interquartile ranges beyond the quartiles. */
const FAR = 3;
/** From this share on the values are no accident. */
const MANY = 0.01;

/** Between these a value is no outlier; null for a column that has no such fences. */
export function fencesOf({ kind, quartiles }: SampledColumn): { low: number; high: number } | null {
  const [first, , third] = quartiles;
  if (!isNumeric(kind) || first === undefined || third === undefined) return null;
  const range = third - first;
  // Where half of the values are one value, every other one would be an outlier.
  return range > 0 && Number.isFinite(range) ? { low: first - FAR * range, high: third + FAR * range } : null;
}

/** SQL that holds for the rows outside the fences. */
export function isOutside(column: SampledColumn, fences: { low: number; high: number }): string {
  return `(${column.number} < ${literal(fences.low)} OR ${column.number} > ${literal(fences.high)})`;
}

/** What was counted in the sample. */
export interface OutsideRows {
  readonly count: number;
  readonly rows: readonly number[];
  readonly values: readonly string[];
}

/** Numbers far from all others. */
export function outliers(
  column: SampledColumn,
  outside: OutsideRows,
  sample: { rowCount: number; tableRowCount: number; isEstimate: boolean },
): Finding[] {
  const fences = fencesOf(column);
  if (outside.count === 0 || fences === null) return [];
  const share = outside.count / sample.rowCount;
  const count = sample.isEstimate ? Math.round(share * sample.tableRowCount) : outside.count;
  return [
    finding({
      check: 'outliers',
      severity: share >= MANY ? 'warning' : 'info',
      columns: [column.name],
      message: `"${column.name}" has ${sample.isEstimate ? 'about ' : ''}${count} values (${percent(share)}) below ${fences.low} or above ${fences.high}, ${FAR} interquartile ranges from the quartiles.`,
      advice:
        'See whether they are real: correct or filter them, or train on a transformed value, such as a logarithm.',
      value: share,
      threshold: 0,
      count,
      isEstimated: sample.isEstimate,
      rows: outside.rows,
      values: outside.values,
    }),
  ];
}
