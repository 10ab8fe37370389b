import { finding } from '../finding.js';
import type { Finding } from '../finding.js';
import { shiftThreshold, stabilityIndex } from '../stability.js';
import type { Reference } from '../stability.js';

/** A version that another is held against. */
export interface EarlierVersion {
  readonly number: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  /** Empty when its distributions were not measured. */
  readonly references: readonly Reference[];
}

/** Columns that came, went or changed their type. */
export function schemaChanges(
  earlier: EarlierVersion,
  columns: readonly { readonly name: string; readonly kind: string }[],
): Finding[] {
  const now = new Map(columns.map(({ name, kind }) => [name, kind]));
  const before = new Map(earlier.columns.map(({ name, kind }) => [name, kind]));
  const removed = earlier.columns.filter(({ name }) => !now.has(name)).map(({ name }) => name);
  const added = columns.filter(({ name }) => !before.has(name)).map(({ name }) => name);
  const retyped = columns.filter(({ name, kind }) => before.has(name) && before.get(name) !== kind);
  return [
    ...(removed.length === 0 ? [] : [change('warning', removed, `are gone since version ${earlier.number}`)]),
    ...(added.length === 0 ? [] : [change('info', added, `are new since version ${earlier.number}`)]),
    ...retyped.map(({ name, kind }) =>
      change(
        'warning',
        [name],
        `changed from ${before.get(name) ?? ''} to ${kind} since version ${earlier.number}`,
      ),
    ),
  ];
}

/** Columns whose values are distributed otherwise than in the earlier version. */
export function drift(earlier: EarlierVersion, now: readonly Reference[], isEstimated: boolean): Finding[] {
  return now.flatMap((after) => {
    const before = earlier.references.find(({ column }) => column === after.column);
    if (!before) return [];
    const value = stabilityIndex(before.counts, after.counts);
    const threshold = shiftThreshold(before.counts, after.counts);
    if (value < threshold) return [];
    return [
      finding({
        check: 'drift',
        severity: 'warning',
        columns: [after.column],
        message: `The values of "${after.column}" have moved since version ${earlier.number}: population stability index ${value.toFixed(2)}.`,
        advice:
          'See in the diff of the two versions what changed; a model trained on the earlier one may be wrong on these rows.',
        value,
        threshold,
        isEstimated,
      }),
    ];
  });
}

const NAMED_COLUMNS = 20;

function change(severity: 'info' | 'warning', columns: readonly string[], what: string): Finding {
  const named = columns
    .slice(0, NAMED_COLUMNS)
    .map((name) => `"${name}"`)
    .join(', ');
  return finding({
    check: 'schema_change',
    severity,
    columns,
    message: `${columns.length === 1 ? 'Column' : 'Columns'} ${named}${columns.length > NAMED_COLUMNS ? ', …' : ''} ${columns.length === 1 ? what.replace(/^are/, 'is') : what}.`,
    advice: 'Jobs and models that name these columns as features need a look.',
    count: columns.length,
  });
}
