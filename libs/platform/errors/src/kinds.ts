import type { ErrorKind } from './domain-error.js';

/** How a kind is told on each transport. gRPC codes: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export interface KindRow {
  readonly grpc: number;
  readonly http: number;
  readonly title: string;
  readonly log: 'debug' | 'warn' | 'error';
}

/** The one table kind → gRPC status → HTTP status → log level. */
export const KINDS: Readonly<Record<ErrorKind, KindRow>> = {
  invalid: { grpc: 3, http: 400, title: 'Invalid request', log: 'debug' },
  unauthenticated: { grpc: 16, http: 401, title: 'Not authenticated', log: 'debug' },
  forbidden: { grpc: 7, http: 403, title: 'Not allowed', log: 'debug' },
  not_found: { grpc: 5, http: 404, title: 'Not found', log: 'debug' },
  conflict: { grpc: 10, http: 409, title: 'Conflict', log: 'debug' },
  unprocessable: { grpc: 3, http: 422, title: 'Unprocessable content', log: 'debug' },
  precondition_failed: { grpc: 9, http: 412, title: 'Precondition failed', log: 'debug' },
  too_large: { grpc: 11, http: 413, title: 'Too large', log: 'debug' },
  unsupported_media: { grpc: 3, http: 415, title: 'Unsupported media type', log: 'debug' },
  // Of the tus protocol, which clients of resumable uploads speak.
  checksum_mismatch: { grpc: 3, http: 460, title: 'Checksum mismatch', log: 'debug' },
  exhausted: { grpc: 8, http: 429, title: 'Too many requests', log: 'debug' },
  // RFC 4918, 11.5.
  storage_full: { grpc: 8, http: 507, title: 'Insufficient storage', log: 'error' },
  unavailable: { grpc: 14, http: 503, title: 'Unavailable', log: 'warn' },
  // Somebody else took too long. Not status 4, which is a deadline of the caller's own.
  timed_out: { grpc: 14, http: 504, title: 'Timed out', log: 'warn' },
  internal: { grpc: 13, http: 500, title: 'Internal error', log: 'error' },
};

/** The kind that a gRPC status stands for when the server sent no detail of its own. */
export function kindOfGrpcStatus(status: number): ErrorKind {
  if (status === 4) return 'unavailable';
  for (const [kind, row] of Object.entries(KINDS) as [ErrorKind, KindRow][]) {
    if (row.grpc === status) return kind;
  }
  return 'internal';
}
