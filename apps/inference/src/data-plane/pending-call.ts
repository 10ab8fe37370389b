import type { inference } from '@aimass/contracts';
import type { DomainError } from '@aimass/platform-errors';
import { toDomainError } from '@aimass/platform-errors';
import type { BatchJob, BatchTiming } from '../batching/batch.js';
import type { EncodedBody, ParsedRequest, ProtocolCodec } from '../protocols/codec.js';
import type { InputTensor, Tensor } from '../tensors/tensor.js';
import { answerTooLarge } from './data-plane.errors.js';

/** Where answers go. */
export interface AnswerSink {
  /** Whether an answer of this size can be sent. */
  fits(encoded: EncodedBody): boolean;
  /** Answers with 200. */
  answer(callId: number, encoded: EncodedBody, timing: BatchTiming): void;
  /** Answers with the error's status and the error body of the call's protocol. */
  refuse(callId: number, error: DomainError, form: RefusalForm): void;
}

/** How a refusal is written. */
export interface RefusalForm {
  readonly encoding: inference.BodyEncoding;
  readonly timing: BatchTiming;
}

/** What a call needs besides its validated request. */
export interface CallContext {
  readonly session: AnswerSink;
  readonly callId: number;
  readonly modelName: string;
  readonly codec: ProtocolCodec;
  readonly encoding: inference.BodyEncoding;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  /** As the gateway says, which wins over the body; 0 when it does not. */
  readonly priority: number;
}

/** A valid call that waits for its run; one object from arrival to answer. */
export class PendingCall implements BatchJob {
  readonly inputs: readonly InputTensor[];
  readonly rows: number;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly priority: number;
  isCancelled = false;

  constructor(
    private readonly request: ParsedRequest,
    private readonly context: CallContext,
  ) {
    this.inputs = request.inputs;
    this.rows = request.rows;
    this.arrivedAt = context.arrivedAt;
    this.deadlineAt = context.deadlineAt;
    this.priority = context.priority || request.priority;
  }

  get callId(): number {
    return this.context.callId;
  }

  succeed(outputs: readonly Tensor[], firstRow: number, timing: BatchTiming): void {
    const { session, codec, modelName, callId } = this.context;
    let encoded: EncodedBody;
    try {
      encoded = codec.encode(this.request, modelName, outputs, firstRow);
    } catch (error) {
      this.fail(toDomainError(error), timing);
      return;
    }
    if (session.fits(encoded)) session.answer(callId, encoded, timing);
    else this.fail(answerTooLarge(encoded.body.length), timing);
  }

  fail(error: DomainError, timing: BatchTiming): void {
    if (this.isCancelled) return;
    const { session, callId, encoding } = this.context;
    session.refuse(callId, error, { encoding, timing });
  }
}
