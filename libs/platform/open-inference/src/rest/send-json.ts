import type { FastifyReply } from 'fastify';

/** Sends text that is JSON already. */
export function sendJson(reply: FastifyReply, status: number, json: string): void {
  reply.code(status).header('content-type', 'application/json; charset=utf-8').send(json);
}
