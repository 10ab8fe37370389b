import type { FastifyReply } from 'fastify';
import type { OipError } from '../oip-error.js';

/** Answers with the protocol's error shape. */
export function sendOipError(reply: FastifyReply, error: OipError): void {
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  reply
    .code(error.status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error: error.message }));
}
