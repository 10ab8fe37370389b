import { DomainError } from '@aimass/platform-errors';

export function versionNotFound(id: string): DomainError {
  return new DomainError(
    'not_found',
    'inference.version_not_found',
    `This replica does not serve model version ${id}.`,
  );
}

/** No routing snapshot has been heard yet. */
export function replicaStarting(): DomainError {
  return new DomainError(
    'unavailable',
    'inference.replica_starting',
    'This replica is starting. Try again shortly.',
  );
}

/** Loading failed and will be tried again. */
export function versionNotLoaded(reason: string): DomainError {
  return new DomainError(
    'unavailable',
    'inference.version_not_loaded',
    `The model version could not be loaded and will be tried again: ${reason}`,
  );
}

export function versionUnloaded(): DomainError {
  return new DomainError(
    'unavailable',
    'inference.version_unloaded',
    'The model version has been taken out of service.',
  );
}

/** The engine is not part of this replica, or cannot do what the version asks for. */
export function notSupported(reason: string): DomainError {
  return new DomainError('invalid', 'inference.version_not_supported', reason);
}

/** The stored files are not the ones that were registered. */
export function manifestBroken(reason: string): DomainError {
  return new DomainError(
    'precondition_failed',
    'inference.manifest_broken',
    `The version's manifest is broken: ${reason}.`,
  );
}

export function modelTooLarge(sizeBytes: number, limitBytes: number): DomainError {
  return new DomainError(
    'too_large',
    'inference.model_too_large',
    `The version has ${sizeBytes} bytes, this replica loads at most ${limitBytes}: raise MAX_MODEL_BYTES.`,
  );
}
