import type { FastifyReply } from 'fastify';
import type { InferResult, InferSink } from '../backend.js';
import type { OipError } from '../oip-error.js';
import { retryAfterSeconds } from '../retry-after.js';
import { sendOipError } from './send-error.js';

/**
 * Turns what came of a prediction into the HTTP answer. A prediction's answer is written to the socket as it is, past
 * Fastify's hooks and header map: with a dozen security headers on every answer those took a third of the gateway's time.
 */
export class RestSink implements InferSink {
  private readonly headers: string[];

  constructor(
    private readonly reply: FastifyReply,
    private readonly startedMs: number,
    answerHeaders: readonly string[],
  ) {
    this.headers = ['x-request-id', reply.request.id, ...answerHeaders];
  }

  setHeader(name: string, value: string): void {
    this.headers.push(name, value);
  }

  answer(result: InferResult): void {
    const { headers, reply } = this;
    const { body, jsonLength, status } = result;
    if (jsonLength === undefined) headers.push('content-type', 'application/json');
    else {
      headers.push('content-type', 'application/octet-stream');
      headers.push('inference-header-content-length', String(jsonLength));
    }
    if (status === 503) headers.push('retry-after', String(retryAfterSeconds(result.retryAfterMs)));
    headers.push('server-timing', serverTiming(result, performance.now() - this.startedMs));
    headers.push('content-length', String(body.length));
    reply.hijack();
    reply.raw.writeHead(status, headers);
    reply.raw.end(body);
  }

  fail(error: OipError): void {
    const { headers, reply } = this;
    if (reply.raw.destroyed) return;
    for (let i = 0; i < headers.length; i += 2) reply.header(headers[i] ?? '', headers[i + 1]);
    sendOipError(reply, error);
  }
}

/** Milliseconds: here and on the way, waiting for the engine, in the engine. */
function serverTiming({ queueUs, computeUs }: InferResult, totalMs: number): string {
  const queueMs = queueUs / 1000;
  const computeMs = computeUs / 1000;
  const gatewayMs = Math.max(0, totalMs - queueMs - computeMs);
  return `gateway;dur=${gatewayMs.toFixed(3)}, queue;dur=${queueMs.toFixed(3)}, compute;dur=${computeMs.toFixed(3)}`;
}
