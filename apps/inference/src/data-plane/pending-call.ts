import type { DomainError } from '@aimass/platform-errors';
import { toDomainError } from '@aimass/platform-errors';
import type { BatchJob, BatchTiming } from '../batching/batch.js';
import type { OipRestCodec, OipRestRequest } from '../protocols/oip-rest.js';
import type { InputTensor, Tensor } from '../tensors/tensor.js';

/** Where answers go. */
export interface AnswerSink {
  /** Answers with 200. */
  answer(callId: number, body: Buffer, timing: BatchTiming): void;
  /** Answers with the error's status and the protocol's error body. */
  refuse(callId: number, error: DomainError, timing: BatchTiming): void;
}

/** What a call needs besides its validated request. */
export interface CallContext {
  readonly session: AnswerSink;
  readonly callId: number;
  readonly modelName: string;
  readonly codec: OipRestCodec;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
}

/** A valid call that waits for its run; one object from arrival to answer. */
export class PendingCall implements BatchJob {
  readonly inputs: readonly InputTensor[];
  readonly rows: number;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  isCancelled = false;

  constructor(
    private readonly request: OipRestRequest,
    private readonly context: CallContext,
  ) {
    this.inputs = request.inputs;
    this.rows = request.rows;
    this.arrivedAt = context.arrivedAt;
    this.deadlineAt = context.deadlineAt;
  }

  get callId(): number {
    return this.context.callId;
  }

  succeed(outputs: readonly Tensor[], firstRow: number, timing: BatchTiming): void {
    const { session, codec, modelName, callId } = this.context;
    let body: Buffer;
    try {
      body = codec.encode(this.request, modelName, outputs, firstRow);
    } catch (error) {
      this.fail(toDomainError(error), timing);
      return;
    }
    session.answer(callId, body, timing);
  }

  fail(error: DomainError, timing: BatchTiming): void {
    if (this.isCancelled) return;
    this.context.session.refuse(this.context.callId, error, timing);
  }
}
