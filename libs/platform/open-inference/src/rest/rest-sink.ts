import type { FastifyReply } from 'fastify';
import type { InferResult, InferSink } from '../backend.js';
import type { OipError } from '../oip-error.js';
import { retryAfterSeconds } from '../retry-after.js';
import { sendOipError } from './send-error.js';

/** Turns what came of a prediction into the HTTP answer. */
export class RestSink implements InferSink {
  constructor(
    private readonly reply: FastifyReply,
    private readonly startedMs: number,
  ) {}

  setHeader(name: string, value: string): void {
    this.reply.header(name, value);
  }

  answer(result: InferResult): void {
    const { reply } = this;
    if (result.jsonLength === undefined) reply.header('content-type', 'application/json');
    else {
      reply.header('content-type', 'application/octet-stream');
      reply.header('inference-header-content-length', result.jsonLength);
    }
    if (result.status === 503) reply.header('retry-after', retryAfterSeconds(result.retryAfterMs));
    reply.header('server-timing', serverTiming(result, performance.now() - this.startedMs));
    reply.code(result.status).send(result.body);
  }

  fail(error: OipError): void {
    if (!this.reply.raw.destroyed) sendOipError(this.reply, error);
  }
}

/** Milliseconds: here and on the way, waiting for the engine, in the engine. */
function serverTiming({ queueUs, computeUs }: InferResult, totalMs: number): string {
  const queueMs = queueUs / 1000;
  const computeMs = computeUs / 1000;
  const gatewayMs = Math.max(0, totalMs - queueMs - computeMs);
  return `gateway;dur=${gatewayMs.toFixed(3)}, queue;dur=${queueMs.toFixed(3)}, compute;dur=${computeMs.toFixed(3)}`;
}
