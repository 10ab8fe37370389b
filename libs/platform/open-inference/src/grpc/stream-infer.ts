import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { InferHandle, InferResult, InferSink, OipBackend, OipOptions } from '../backend.js';
import { toOipError } from '../oip-error.js';
import type { OipError } from '../oip-error.js';
import { bearerOf, priorityOf } from '../request-headers.js';
import { deadlineOf } from './grpc-deadline.js';
import { grpcStatus } from './grpc-status.js';
import { scanInferRequest, streamAnswer, streamError } from './infer-message.js';
import type { InferNames } from './infer-message.js';
import { errorOf, textOf } from './unary-infer.js';

type Call = ServerDuplexStream<Buffer, Buffer>;

/** Requests of one stream that are under way, or answered but not yet their turn. More wait in the client. */
const MAX_IN_FLIGHT = 64;

/** What a stream is served with. */
export interface StreamServices<Caller> {
  readonly backend: OipBackend<Caller>;
  readonly options: OipOptions;
}

/**
 * One `ModelStreamInfer`: requests run as they come, so many at a time; answers leave in the order of the requests. A
 * request that fails is answered with its error, and the stream goes on. The key is checked again for each request, so
 * that a revoked one ends the stream.
 */
export class StreamInfer<Caller> {
  private readonly slots: Slot[] = [];
  private readonly bearer: string | undefined;
  private readonly priority: string | undefined;
  private readonly requestId: string | undefined;
  private isBlocked = false;
  private isEnding = false;
  private isDone = false;

  constructor(
    private readonly call: Call,
    private readonly services: StreamServices<Caller>,
  ) {
    this.bearer = bearerOf(textOf(call.metadata, 'authorization'));
    this.priority = textOf(call.metadata, 'x-request-priority');
    this.requestId = textOf(call.metadata, 'x-request-id');
  }

  /** Begins to read requests. */
  start(): void {
    const { call } = this;
    call.on('data', (body: Buffer) => this.receive(body));
    call.on('end', () => {
      this.isEnding = true;
      this.flush();
    });
    call.on('drain', () => {
      this.isBlocked = false;
      this.flush();
    });
    call.on('error', () => undefined);
    call.on('cancelled', () => this.stop());
  }

  private receive(body: Buffer): void {
    if (this.isDone) return;
    const slot = new Slot(() => this.flush());
    this.slots.push(slot);
    if (this.slots.length >= MAX_IN_FLIGHT) this.call.pause();
    const { backend, options } = this.services;
    let caller: Caller;
    try {
      caller = backend.authenticate(this.bearer);
    } catch (error) {
      this.end(toOipError(error, options.onError));
      return;
    }
    try {
      slot.handle = this.infer(caller, body, slot);
    } catch (error) {
      slot.fail(toOipError(error, options.onError));
    }
  }

  private infer(caller: Caller, body: Buffer, slot: Slot): InferHandle | null {
    const { backend, options } = this.services;
    const startedMs = performance.now();
    const names = scanInferRequest(body);
    slot.names = names;
    backend.checkRoom();
    const request = {
      name: names.modelName,
      version: names.modelVersion === '' ? undefined : names.modelVersion,
      encoding: 'grpc' as const,
      body,
      jsonLength: undefined,
      priority: priorityOf(this.priority),
      startedMs,
      deadlineMs: deadlineOf(this.call.getDeadline(), startedMs, options.requestTimeoutMs),
      requestId: options.requestId(this.requestId),
    };
    return backend.infer(caller, request, slot);
  }

  /** Sends what has its turn, and lets more requests in once there is room. */
  private flush(): void {
    if (this.isDone) return;
    for (let first = this.slots[0]; first?.message && !this.isBlocked; first = this.slots[0]) {
      this.slots.shift();
      if (!this.call.write(first.message)) this.isBlocked = true;
    }
    if (this.slots.length === 0 && this.isEnding) {
      this.isDone = true;
      this.call.end();
    } else if (this.slots.length < MAX_IN_FLIGHT && this.call.isPaused()) this.call.resume();
  }

  /** Ends the stream with a status. */
  private end(error: OipError): void {
    this.stop();
    this.call.emit('error', Object.assign(error, grpcStatus(error)));
  }

  private stop(): void {
    if (this.isDone) return;
    this.isDone = true;
    for (const slot of this.slots.splice(0)) slot.handle?.cancel();
  }
}

/** The place of one answer in the order of the stream. */
class Slot implements InferSink {
  /** The serialized answer, once it is there. */
  message: Buffer | undefined;
  handle: InferHandle | null = null;
  names: Partial<InferNames> = {};

  constructor(private readonly filled: () => void) {}

  /** Headers of a stream have left long ago. */
  setHeader(): void {}

  answer(result: InferResult): void {
    if (result.status < 200 || result.status > 299) {
      this.fail(errorOf(result));
      return;
    }
    this.message = streamAnswer(result.body);
    this.filled();
  }

  fail(error: OipError): void {
    this.message = streamError(error.message, this.names);
    this.filled();
  }
}
