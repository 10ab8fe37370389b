import { isWhole } from '../../profiles/spread.js';
import type { SampledColumn } from '../sample.js';
import { finding, percent } from '../finding.js';
import type { Finding } from '../finding.js';

/** Fewer rows say nothing about whether a column identifies them. */
const FEWEST_ROWS = 20;
/** A column with more distinct texts than this, for this share of its values, is no set of categories. */
const MANY_VALUES = 100;
const MANY_SHARE = 0.2;

/** Values of a column in the sample. */
export interface DistinctCounts {
  readonly valueCount: number;
  readonly distinctCount: number;
  /** Whether the sample is not the whole table. */
  readonly isEstimated: boolean;
}

/** Text and whole numbers that name a row each. */
export function identifier(column: SampledColumn, counts: DistinctCounts, isTarget: boolean): Finding[] {
  if (isTarget || !isIdentifier(column, counts)) return [];
  return [
    finding({
      check: 'identifier',
      severity: 'info',
      columns: [column.name],
      message: `"${column.name}" has another value in every row, as an identifier has.`,
      advice: 'A model would learn the rows by heart: leave it out of the features.',
      value: 1,
      threshold: 1,
      isEstimated: counts.isEstimated,
      values: column.min === null ? [] : [column.min],
    }),
  ];
}

/** Text with so many values that categories make little sense. */
export function highCardinality(column: SampledColumn, counts: DistinctCounts): Finding[] {
  const { valueCount, distinctCount } = counts;
  const share = distinctCount / valueCount;
  const isMany = column.kind === 'VARCHAR' && column.distinctCount > MANY_VALUES && share > MANY_SHARE;
  if (!isMany || isIdentifier(column, counts)) return [];
  return [
    finding({
      check: 'high_cardinality',
      severity: 'warning',
      columns: [column.name],
      message: `"${column.name}" has ${column.distinctCount} different texts, ${percent(share)} of its values.`,
      advice:
        'One column per text would be too many: group the texts, limit oneHot by maxCategories, or drop it.',
      value: column.distinctCount,
      threshold: MANY_VALUES,
      isEstimated: counts.isEstimated,
      count: column.distinctCount,
    }),
  ];
}

function isIdentifier(
  { kind, nullCount }: SampledColumn,
  { valueCount, distinctCount }: DistinctCounts,
): boolean {
  const canBe = kind === 'VARCHAR' || isWhole(kind);
  return canBe && nullCount === 0 && valueCount >= FEWEST_ROWS && valueCount === distinctCount;
}
