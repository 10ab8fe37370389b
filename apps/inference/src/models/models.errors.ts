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

/** Loading failed; waiting calls hear it too. */
export function versionNotLoaded(reason: string, isTriedAgain: boolean): DomainError {
  const next = isTriedAgain ? ' and will be tried again' : '';
  return new DomainError(
    'unavailable',
    'inference.version_not_loaded',
    `The model version could not be loaded${next}: ${reason}`,
  );
}

/** It ended the process twice. */
export function versionQuarantined(reason: string): DomainError {
  return new DomainError(
    'unavailable',
    'inference.version_quarantined',
    `The model version is quarantined: ${reason}. Register a repaired version, or have an operator load this one.`,
  );
}

/** The version alone takes more than all versions together may; trying again would not help. */
export function memoryTooSmall(needBytes: number, budgetBytes: number): DomainError {
  return new DomainError(
    'precondition_failed',
    'inference.memory_too_small',
    `The version needs ${needBytes} bytes of memory, this replica has ${budgetBytes} for models: raise MEMORY_BUDGET_BYTES.`,
  );
}

/** There is room only where pinned versions are. */
export function memoryPinned(needBytes: number, budgetBytes: number, pinnedBytes: number): DomainError {
  return new DomainError(
    'unavailable',
    'inference.memory_pinned',
    `The version needs ${needBytes} bytes of memory; of the ${budgetBytes} for models, pinned versions hold ${pinnedBytes}.`,
  );
}

/** An operator asked for a version and it is not there yet, or its memory was given to one that is called. */
export function loadUnfinished(id: string): DomainError {
  return new DomainError(
    'unavailable',
    'inference.load_unfinished',
    `Model version ${id} is not in memory yet: loading it, or waiting for memory, takes longer than you waited.`,
  );
}

/** An operator unloaded it, or no route mentions it any more. */
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
