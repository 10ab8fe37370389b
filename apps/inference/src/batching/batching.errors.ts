import { DomainError } from '@aimass/platform-errors';

/** The caller's time ran out before the engine was free; nothing was computed. */
export function deadlineExceeded(): DomainError {
  return new DomainError(
    'unavailable',
    'inference.deadline_exceeded',
    'The request did not get its turn before its deadline. Allow more time or send fewer requests at once.',
  );
}

/** More work waits than can be done in time. */
export function overloaded(reason: string, retryAfterMs = 1_000): DomainError {
  return new DomainError(
    'unavailable',
    'inference.overloaded',
    `The model is overloaded: ${reason}. Try again shortly.`,
    { retryAfterMs: Math.ceil(retryAfterMs) },
  );
}

/** The engine could not compute this request; what it says is wrong with the request is answered as it says it. */
export function engineFailed(cause: unknown): DomainError {
  if (cause instanceof DomainError && cause.kind === 'invalid') return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DomainError(
    'internal',
    'inference.engine_failed',
    `The model failed on this request: ${reason}`,
    { cause },
  );
}
