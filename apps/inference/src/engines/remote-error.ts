import { DomainError } from '@aimass/platform-errors';
import type { ErrorKind } from '@aimass/platform-errors';

/** An error on its way between threads and processes, which keep only its message. */
export interface RemoteError {
  readonly message: string;
  /** Of a DomainError. */
  readonly domain?: { readonly kind: ErrorKind; readonly code: string };
}

export function toRemoteError(error: unknown): RemoteError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DomainError)) return { message };
  return { message, domain: { kind: error.kind, code: error.code } };
}

export function fromRemoteError({ message, domain }: RemoteError): Error {
  return domain ? new DomainError(domain.kind, domain.code, message) : new Error(message);
}
