import type { Violation } from '@aimass/platform-errors';
import type { AlgorithmDefinition } from './algorithm.js';
import { linearRegression } from './linear-regression.js';

/** The built-in algorithms, by name. */
export const ALGORITHMS: readonly AlgorithmDefinition[] = [linearRegression];

/** Longer values are refused: they travel through an environment variable. */
const MAX_VALUE_LENGTH = 16_384;

/** Null when there is no such algorithm. */
export function findAlgorithm(name: string): AlgorithmDefinition | null {
  return ALGORITHMS.find((algorithm) => algorithm.name === name) ?? null;
}

/** Everything that is wrong with hyperparameters: unknown ones, missing ones, bad values. */
export function checkHyperparameters(
  algorithm: AlgorithmDefinition,
  values: Readonly<Record<string, string>>,
): Violation[] {
  const known = algorithm.hyperparameters.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  const unknownViolations = unknown.map((name) => ({
    path: `hyperparameters.${name}`,
    message: `is not a hyperparameter of ${algorithm.name}; known are ${known.join(', ')}`,
  }));
  const others = algorithm.hyperparameters.flatMap(({ name, isRequired, check }) => {
    const message = checkValue(Object.hasOwn(values, name) ? values[name] : undefined, isRequired, check);
    return message === null ? [] : [{ path: `hyperparameters.${name}`, message }];
  });
  return [...unknownViolations, ...others];
}

function checkValue(
  value: string | undefined,
  isRequired: boolean,
  check: (text: string) => string | null,
): string | null {
  if (value === undefined) return isRequired ? 'is required' : null;
  if (value.length > MAX_VALUE_LENGTH || value.includes('\0')) {
    return `must be at most ${MAX_VALUE_LENGTH} characters without NUL`;
  }
  return check(value);
}
