import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const sourceNotFound = (source: string) =>
  new DomainError('not_found', 'data_sources.source_not_found', `There is no source "${source}".`);

export const sourceExists = (name: string) =>
  new DomainError(
    'conflict',
    'data_sources.source_exists',
    `There is a source "${name}" already: update it, or choose another name.`,
  );

export const sourceMoved = (name: string) =>
  new DomainError(
    'precondition_failed',
    'data_sources.source_moved',
    `The source "${name}" has changed since you read it: read it again and repeat the update with its new revision.`,
  );

export const sourceInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'data_sources.source_invalid', 'The source is not valid.', { violations });

/** The kind decides what the credentials, the recipe and the dataset stand for. */
export const sourceKindFixed = (kind: string) =>
  new DomainError(
    'invalid',
    'data_sources.source_kind_fixed',
    `The source is of the kind ${kind} and stays so: make another source for another kind.`,
  );

/** Stored credentials go to the server they were given for; else whoever may change a source could have them sent anywhere. */
export const credentialsNeeded = (name: string) =>
  new DomainError(
    'invalid',
    'data_sources.credentials_needed',
    `The source "${name}" would send its credentials to another server: give them again with the change, or take them away.`,
  );

export const scheduleInvalid = (path: string, message: string) =>
  new DomainError(
    'invalid',
    'data_sources.schedule_invalid',
    `The schedule is not valid: ${path} ${message}.`,
    {
      violations: [{ path: `schedule.${path}`, message }],
    },
  );

export const checkTimedOut = (timeoutMs: number) =>
  new DomainError(
    'timed_out',
    'data_sources.check_timed_out',
    `The source did not say what it has within ${Math.round(timeoutMs / 1000)} seconds.`,
  );
