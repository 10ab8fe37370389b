import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OipBackend, OipOptions } from '../backend.js';
import { OipError } from '../oip-error.js';
import { checkContentType, jsonLengthOf, priorityOf, timeoutOf } from '../request-headers.js';
import { parseModelPath } from './model-path.js';
import { stateOf } from './request-state.js';
import { RestSink } from './rest-sink.js';

const EMPTY = Buffer.alloc(0);

/** `POST /v2/models/…/infer`. The body is not looked into. */
export class InferRoute<Caller> {
  constructor(
    private readonly backend: OipBackend<Caller>,
    private readonly options: OipOptions,
  ) {}

  /** Answers later, through the reply. Throws OipError for what is refused at once. */
  handle(request: FastifyRequest, reply: FastifyReply): void {
    const path = parseModelPath((request.params as { '*': string })['*']);
    if (path === null) throw new OipError(404, `There is nothing at ${request.url}.`);
    if (path.action !== 'infer') throw new OipError(405, 'This is read with GET.');
    const { headers } = request;
    const { startedMs, caller } = stateOf(request);
    const body = Buffer.isBuffer(request.body) ? request.body : EMPTY;
    const jsonLength = jsonLengthOf(headers, body.length);
    checkContentType(headers);
    const timeoutMs = timeoutOf(headers['x-request-timeout-ms'], this.options.requestTimeoutMs);
    const handle = this.backend.infer(
      caller as Caller,
      {
        name: path.name,
        version: path.version,
        encoding: 'rest',
        body,
        jsonLength,
        priority: priorityOf(headers['x-request-priority']),
        startedMs,
        deadlineMs: startedMs + timeoutMs,
        requestId: request.id,
      },
      new RestSink(reply, startedMs, this.options.answerHeaders),
    );
    if (handle !== null) reply.raw.once('close', () => handle.cancel());
  }
}
