import { DomainError } from '@aimass/platform-errors';

export const syncNotFound = (id: string) =>
  new DomainError('not_found', 'data_sources.sync_not_found', `There is no sync "${id}".`);

export const syncFinished = (id: string, state: string) =>
  new DomainError(
    'conflict',
    'data_sources.sync_finished',
    `Sync "${id}" has already ended (${state}), so it cannot be cancelled.`,
  );

export const illegalSyncTransition = (from: string, to: string) =>
  new DomainError(
    'conflict',
    'data_sources.illegal_transition',
    `A sync that is ${from} cannot become ${to}.`,
  );

export const syncCancelled = (id: string) =>
  new DomainError(
    'conflict',
    'data_sources.sync_cancelled',
    `Sync "${id}" was cancelled before it had made a version.`,
  );

export const syncInterrupted = (attempts: number) =>
  new DomainError(
    'internal',
    'data_sources.sync_interrupted',
    `The import was begun ${attempts} times and the service ended each time before it was done. It is not tried again.`,
  );

export const importOriginInvalid = () =>
  new DomainError(
    'invalid',
    'data_sources.import_origin_invalid',
    'Say what to import: either an upload or the version to derive from, and not both.',
  );
