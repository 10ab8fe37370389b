import type { FastifyReply } from 'fastify';

/** A refusal with a message for the caller. Every error of this family of routes is `{"error": "…"}`. */
export class OipError extends Error {
  override readonly name = 'OipError';

  constructor(
    readonly status: number,
    message: string,
    /** Seconds after which a new try makes sense. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** Answers with the protocol's error shape. */
export function sendOipError(reply: FastifyReply, error: OipError): void {
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  reply
    .code(error.status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error: error.message }));
}
