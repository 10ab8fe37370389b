import type { FastifyRequest } from 'fastify';
import type { AuthenticatedKey } from '../../identity/key-directory.js';

/** What the data plane keeps with a request. */
export interface RequestState {
  /** On the monotonic clock. */
  readonly startedMs: number;
  readonly requestId: string;
  /** Null on the routes that are open to everyone. */
  readonly caller: AuthenticatedKey | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for requests of the data plane. */
    dataPlane: RequestState | null;
  }
}

/** The caller of a route that needs a key. */
export function callerOf(request: FastifyRequest): RequestState & { readonly caller: AuthenticatedKey } {
  const state = request.dataPlane;
  if (!state?.caller) throw new Error('a route that needs a key was reached without one');
  return state as RequestState & { readonly caller: AuthenticatedKey };
}
