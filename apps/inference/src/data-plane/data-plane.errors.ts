import { DomainError, KINDS } from '@aimass/platform-errors';

/** The replica is being stopped. */
export function replicaDraining(): DomainError {
  return new DomainError(
    'unavailable',
    'inference.replica_draining',
    'This replica is stopping. Try again on another one.',
  );
}

/** The gateway sent more calls than it was given credits for. */
export function creditsExceeded(): DomainError {
  return new DomainError(
    'unavailable',
    'inference.credits_exceeded',
    'Too many requests are under way. Try again shortly.',
  );
}

/** The body is encoded in a way that this replica does not read. */
export function encodingNotSupported(): DomainError {
  return new DomainError(
    'invalid',
    'inference.encoding_not_supported',
    'This replica does not know how the request is encoded. Update it, or use Open Inference Protocol bodies.',
  );
}

/** The answer does not fit into a message of the data plane. */
export function answerTooLarge(sizeBytes: number): DomainError {
  return new DomainError(
    'internal',
    'inference.answer_too_large',
    `The answer has ${sizeBytes} bytes, more than fits into one message. Send fewer rows per request or ask for fewer outputs.`,
  );
}

/** HTTP status of an answer, as the Open Inference Protocol's servers map errors; a missed deadline is 504. */
export function statusOf(error: DomainError): number {
  return error.code === 'inference.deadline_exceeded' ? 504 : KINDS[error.kind].http;
}

/**
 * Refusals that say nothing about the request: nothing was computed, and another replica may do better. A quarantined
 * version is not among them, on purpose: its calls may be what ended the process, and would end the next one.
 */
const UNRUN = new Set([
  'inference.replica_draining',
  'inference.replica_starting',
  'inference.credits_exceeded',
  'inference.overloaded',
  'inference.version_not_found',
  'inference.version_not_loaded',
  'inference.version_unloaded',
]);

/** Whether another replica may be asked. */
export function isUnrun(error: DomainError): boolean {
  return UNRUN.has(error.code);
}

/** When a new try makes sense, in milliseconds; 0 when that is not known. */
export function retryAfterMsOf(error: DomainError): number {
  return error.options.retryAfterMs ?? (error.kind === 'unavailable' ? 1_000 : 0);
}
