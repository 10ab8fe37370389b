/** The closed set of what can go wrong, from the caller's point of view. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'unprocessable'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media'
  | 'checksum_mismatch'
  | 'exhausted'
  | 'storage_full'
  | 'unavailable'
  | 'timed_out'
  | 'internal';

/** One part of the input that is wrong: `path` points into it (`ratios.train`), `message` says what to do. */
export interface Violation {
  readonly path: string;
  readonly message: string;
}

/**
 * The one error type that services throw. `code` is stable (`training.job_not_found`), `message` is public, `cause`
 * stays inside. Each feature's `*.errors.ts` holds its factories.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly options: {
      violations?: readonly Violation[];
      cause?: unknown;
      /** With `unavailable`: when a new try makes sense, in milliseconds. */
      retryAfterMs?: number;
    } = {},
  ) {
    super(message, { cause: options.cause });
  }

  get violations(): readonly Violation[] {
    return this.options.violations ?? [];
  }
}

/** What the outside hears of a failure nobody foresaw; the cause is logged once, at the edge. */
export function unexpected(cause: unknown): DomainError {
  return new DomainError('internal', 'internal', 'Something went wrong on our side. Please try again.', {
    cause,
  });
}

/** Any thrown value as a DomainError. */
export function toDomainError(error: unknown): DomainError {
  return error instanceof DomainError ? error : unexpected(error);
}
