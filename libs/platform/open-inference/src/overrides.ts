import { OipError } from './oip-error.js';

/** A version's files and settings are registered and never change: a load cannot bring others. Throws OipError 501. */
export function refuseOverrides(parameterNames: readonly string[]): void {
  const override = parameterNames.find((name) => name === 'config' || name.startsWith('file:'));
  if (override === undefined) return;
  throw new OipError(
    501,
    `The parameter "${override.slice(0, 100)}" is not supported: a version's files are those it was registered with.`,
  );
}
