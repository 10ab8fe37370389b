import type { DomainError, Violation } from './domain-error.js';
import { KINDS } from './kinds.js';

/** An RFC 9457 problem document with our extensions `code`, `requestId` and `errors`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly Violation[];
}

/** The problem document of an error. */
export function toProblem(error: DomainError, requestId: string): Problem {
  const row = KINDS[error.kind];
  return {
    type: `urn:aimass:error:${error.code}`,
    title: row.title,
    status: row.http,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.violations.length > 0 ? { errors: error.violations } : {}),
  };
}
