import type { Transform } from '@aimass/contracts';
import type { FittedStep } from './fit.js';
import { columnUnknown, quoted, transformInvalid } from './transforms.errors.js';
import { isNumeric, kindOf } from './typed-column.js';
import type { TypedColumn } from './typed-column.js';

type Use = 'number' | 'category' | 'any';

/**
 * Checks fitted steps against the columns of a version before there is any split to fit them on, so that no version is
 * made that could never be split. Columns that one-hot encoding will make are known by the start of their names only.
 * Throws `transform_invalid`.
 */
export function assertFittable(
  columns: readonly TypedColumn[],
  steps: readonly FittedStep[],
  target: string | undefined,
): void {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const prefixes: string[] = [];
  for (const { step, path } of steps) {
    for (const { name, use } of usesOf(step)) {
      const type = types.get(name);
      if (type === undefined && prefixes.some((prefix) => name.startsWith(prefix))) continue;
      if (type === undefined) throw columnUnknown(path, name, [...types.keys()]);
      assertUse({ name, type }, use, path);
      assertNotTarget(name, use, target, path);
    }
    if (!('oneHot' in step)) continue;
    for (const name of step.oneHot.columns) {
      types.delete(name);
      prefixes.push(`${name}_`);
    }
  }
}

function usesOf(step: Transform): { name: string; use: Use }[] {
  if ('standardize' in step) return step.standardize.columns.map((name) => ({ name, use: 'number' }));
  if ('oneHot' in step) return step.oneHot.columns.map((name) => ({ name, use: 'category' }));
  if (!('fill' in step)) return [];
  return Object.entries(step.fill).map(([name, value]) => ({
    name,
    use: value === 'mean' || value === 'median' ? 'number' : 'any',
  }));
}

function assertUse({ name, type }: TypedColumn, use: Use, path: string): void {
  if (use === 'number' && !isNumeric(type)) {
    throw transformInvalid(
      path,
      `Column ${quoted(name)} is ${type}, but numbers are needed. Cast it, or leave it out.`,
    );
  }
  if (!['integer', 'real', 'text', 'boolean'].includes(kindOf(type))) {
    throw transformInvalid(
      path,
      `Column ${quoted(name)} is ${type}: nothing can be fitted to it. Cast it to text first.`,
    );
  }
}

/** A model that predicts standard units instead of the target's own would mislead whoever asks it. */
function assertNotTarget(name: string, use: Use, target: string | undefined, path: string): void {
  if (name !== target || use === 'any') return;
  throw transformInvalid(
    path,
    `Column ${quoted(name)} is the target: what is to be predicted stays as it is.`,
  );
}
