import { DomainError } from '@aimass/platform-errors';
import type { ColumnChoice } from './algorithm.js';

/** A column of a dataset version. */
export interface DataColumn {
  readonly name: string;
  /** For people: `text`, `integer`, … */
  readonly type: string;
  readonly isNumeric: boolean;
  /** Whether its values are no more in the units of the data: standardized, or a category as 0 and 1. */
  readonly isRescaled?: boolean;
}

/**
 * Checks that the chosen columns exist, are numbers, that the target is no feature, and that it is in the units of the
 * data: predictions would be in others. Throws `invalid`.
 */
export function assertColumns(choice: ColumnChoice, columns: readonly DataColumn[]): void {
  const { target, features } = choice;
  assertNumeric(target, 'hyperparameters.target', columns);
  if (columns.some(({ name, isRescaled }) => name === target && isRescaled)) throw targetRescaled(target);
  if (features?.includes(target)) throw targetIsFeature(target);
  for (const feature of features ?? []) assertNumeric(feature, 'hyperparameters.features', columns);
  const hasOther = columns.some(({ name, isNumeric }) => isNumeric && name !== target);
  if (features === null && !hasOther) throw noFeatureLeft(target);
}

function assertNumeric(name: string, path: string, columns: readonly DataColumn[]): void {
  const column = columns.find((candidate) => candidate.name === name);
  if (!column) throw columnUnknown(name, path, columns);
  if (!column.isNumeric) throw columnNotNumeric(column, path);
}

const columnUnknown = (name: string, path: string, columns: readonly DataColumn[]) => {
  const message = `There is no column "${name}" in the data. Its columns are: ${columns.map((each) => each.name).join(', ')}.`;
  return new DomainError('invalid', 'training.column_unknown', message, { violations: [{ path, message }] });
};

const columnNotNumeric = ({ name, type }: DataColumn, path: string) => {
  const message = `Column "${name}" is ${type}, but numbers are needed. Choose a numeric column, or import the data with numbers in it.`;
  return new DomainError('invalid', 'training.column_not_numeric', message, {
    violations: [{ path, message }],
  });
};

const targetRescaled = (target: string) => {
  const message = `Column "${target}" is standardized or one-hot encoded by the recipe of the data, so predictions would not be in its units. Leave the target out of these steps.`;
  const violations = [{ path: 'hyperparameters.target', message }];
  return new DomainError('invalid', 'training.target_rescaled', message, { violations });
};

const targetIsFeature = (target: string) => {
  const message = `Column "${target}" is both target and feature. Take it out of "features".`;
  const violations = [{ path: 'hyperparameters.features', message }];
  return new DomainError('invalid', 'training.target_is_feature', message, { violations });
};

const noFeatureLeft = (target: string) => {
  const message = `No numeric column is left beside the target "${target}": a feature is needed.`;
  const violations = [{ path: 'hyperparameters.target', message }];
  return new DomainError('invalid', 'training.no_feature', message, { violations });
};
