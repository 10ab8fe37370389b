import type { FastifyRequest } from 'fastify';

/** What the protocol's routes keep with a request. */
export interface RequestState {
  /** On the monotonic clock. */
  readonly startedMs: number;
  /** As the backend authenticated it; undefined on the routes that are open to everyone. */
  readonly caller: unknown;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for requests of the Open Inference Protocol. */
    openInference: RequestState | null;
  }
}

/** What the hook before the route has put down. */
export function stateOf(request: FastifyRequest): RequestState {
  if (request.openInference === null) throw new Error('a route was reached past its hook');
  return request.openInference;
}
