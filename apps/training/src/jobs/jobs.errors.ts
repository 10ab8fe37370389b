import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const jobNotFound = (id: string) =>
  new DomainError('not_found', 'training.job_not_found', `There is no job "${id}".`);

export const splitNotFound = (id: string) =>
  new DomainError(
    'not_found',
    'training.split_not_found',
    `There is no split "${id}". Create one of a dataset version.`,
  );

export const jobFinished = (id: string, state: string) =>
  new DomainError('conflict', 'training.job_finished', `Job "${id}" has already finished (${state}).`);

export const illegalTransition = (from: string, to: string) =>
  new DomainError('conflict', 'training.illegal_transition', `A job that is ${from} cannot become ${to}.`);

export const jobInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'training.job_invalid', `The job is not valid: ${sentence(violations)}`, {
    violations,
  });

export const splitWithoutTrain = (id: string) =>
  new DomainError(
    'invalid',
    'training.split_without_train',
    `Split "${id}" has no training rows. Make one with a train ratio above 0.`,
    {
      violations: [{ path: 'splitId', message: 'has no training rows' }],
    },
  );

export const reportNotFound = (id: string) =>
  new DomainError(
    'not_found',
    'training.report_not_found',
    `Job "${id}" has no report: it has not succeeded, or its trainer wrote none.`,
  );

export const plotNotFound = (id: string, name: string) =>
  new DomainError(
    'not_found',
    'training.plot_not_found',
    `Job "${id}" has no plot "${name}". GetJobReport lists them.`,
  );

function sentence(violations: readonly Violation[]): string {
  return violations.map(({ path, message }) => `${path} ${message}`).join('; ');
}
