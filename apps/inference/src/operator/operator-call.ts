import { inference } from '@aimass/contracts';
import type { DomainError } from '@aimass/platform-errors';
import { toDomainError } from '@aimass/platform-errors';
import type { InferHandle, InferRequest, InferSink } from '@aimass/platform-open-inference';
import type { BatchTiming } from '../batching/batch.js';
import { retryAfterMsOf, statusOf } from '../data-plane/data-plane.errors.js';
import { PendingCall } from '../data-plane/pending-call.js';
import type { AnswerSink, RefusalForm } from '../data-plane/pending-call.js';
import type { ServedModel } from '../models/served-model.js';
import type { EncodedBody } from '../protocols/codec.js';
import { encodeError } from '../protocols/encode-error.js';

const ENCODINGS = { rest: inference.BodyEncoding.OIP_REST, grpc: inference.BodyEncoding.OIP_GRPC };
const NOT_RUN: BatchTiming = { queueUs: 0, computeUs: 0 };

/** One prediction asked for at the operators' port: it waits in the same queue as those of gateways. */
export class OperatorCall implements AnswerSink, InferHandle {
  private pending: PendingCall | undefined;

  constructor(
    private readonly request: InferRequest,
    private readonly sink: InferSink,
  ) {}

  /** Null when the sink has heard already. */
  start(model: ServedModel): InferHandle | null {
    const { request } = this;
    const codec = model[request.encoding];
    const encoding = ENCODINGS[request.encoding];
    try {
      const parsed = codec.parse(request);
      this.pending = new PendingCall(parsed, {
        session: this,
        callId: 0,
        modelName: request.name,
        codec,
        encoding,
        priority: request.priority,
        arrivedAt: request.startedMs,
        deadlineAt: Math.min(request.deadlineMs, request.startedMs + (parsed.timeoutMs ?? Infinity)),
      });
      model.enqueue(this.pending);
      return this;
    } catch (error) {
      this.refuse(0, toDomainError(error), { encoding, timing: NOT_RUN });
      return null;
    }
  }

  cancel(): void {
    if (this.pending) this.pending.isCancelled = true;
  }

  /** HTTP and gRPC have no bound of their own for what is sent. */
  fits(): boolean {
    return true;
  }

  answer(_callId: number, { body, jsonLength }: EncodedBody, { queueUs, computeUs }: BatchTiming): void {
    this.sink.answer({ status: 200, body, jsonLength, queueUs, computeUs, retryAfterMs: 0 });
  }

  refuse(_callId: number, error: DomainError, { encoding, timing }: RefusalForm): void {
    this.sink.answer({
      status: statusOf(error),
      body: encodeError(encoding, error.message),
      jsonLength: undefined,
      ...timing,
      retryAfterMs: retryAfterMsOf(error),
    });
  }
}
