import { status } from '@grpc/grpc-js';
import type { inference } from '@aimass/contracts';
import type { DomainError } from '@aimass/platform-errors';
import type { BatchTiming } from '../batching/batch.js';
import type { EncodedBody } from '../protocols/codec.js';
import { encodeError } from '../protocols/encode-error.js';
import { creditsExceeded, isUnrun, retryAfterMsOf, statusOf } from './data-plane.errors.js';
import type { AnswerSink, PendingCall, RefusalForm } from './pending-call.js';

/** A gateway's stream, over gRPC or as frames over TCP; it emits `data` with an `ExchangeRequest`. */
export interface ExchangeStream extends NodeJS.EventEmitter {
  write(frame: inference.ExchangeResponse): boolean;
  end(): void;
}

/** Whoever handles the calls of sessions. */
export interface CallHandler {
  /** Answers the call, now or later, through the session; `now` is in milliseconds of `performance.now()`. */
  accept(call: inference.InferCall, session: ExchangeSession, now: number): void;
  /** The session has ended; nothing can be answered any more. */
  closed(session: ExchangeSession): void;
}

/** Bodies that one frame carries at most, unless a single one is larger. */
const FRAME_BYTES = 1024 * 1024;
/** Room for everything in a message but the body. */
const OVERHEAD_BYTES = 1024;

const NOT_RUN: BatchTiming = { queueUs: 0, computeUs: 0 };

/** Bounds of a session. */
export interface SessionLimits {
  /** Unanswered calls at most. */
  readonly windowCalls: number;
  /** A message at most. */
  readonly maxMessageBytes: number;
}

/**
 * One gateway's stream. Answers that are ready in the same turn of the event loop leave in one frame. A gateway that
 * reads slowly gets no new credits, since those leave with the answers, and so sends nothing new.
 */
export class ExchangeSession implements AnswerSink {
  private readonly pending = new Map<number, PendingCall>();
  private answers: inference.InferAnswer[] = [];
  /** Calls that were taken and whose credit has not been given back yet. */
  private usedCredits = 0;
  private freedCredits: number;
  private isFlushing = false;
  private isBlocked = false;
  private isEnding = false;
  private isClosed = false;
  private readonly flushBound = (): void => this.flush();

  constructor(
    private readonly stream: ExchangeStream,
    private readonly handler: CallHandler,
    private readonly limits: SessionLimits,
  ) {
    this.freedCredits = limits.windowCalls;
    this.usedCredits = limits.windowCalls;
  }

  /** Starts to read, and gives the first credits. */
  open(): void {
    this.stream.on('data', (frame: inference.ExchangeRequest) => this.receive(frame));
    this.stream.on('end', () => this.end());
    for (const event of ['cancelled', 'error', 'close']) this.stream.on(event, () => this.close());
    this.scheduleFlush();
  }

  /** Whether an answer is owed or has not left yet. */
  get isBusy(): boolean {
    return !this.isClosed && (this.pending.size > 0 || this.answers.length > 0);
  }

  /** Remembers a call that will be answered later. */
  track(call: PendingCall): void {
    this.pending.set(call.callId, call);
  }

  answer(callId: number, encoded: EncodedBody, { queueUs, computeUs }: BatchTiming): void {
    const { body, jsonLength } = encoded;
    this.settle({
      callId,
      status: 200,
      jsonLength,
      body,
      queueUs,
      computeUs,
      unrun: false,
      retryAfterMs: 0,
    });
  }

  refuse(callId: number, error: DomainError, { encoding, timing }: RefusalForm): void {
    this.settle({
      callId,
      status: statusOf(error),
      jsonLength: undefined,
      body: encodeError(encoding, error.message),
      queueUs: timing.queueUs,
      computeUs: timing.computeUs,
      unrun: isUnrun(error),
      retryAfterMs: retryAfterMsOf(error),
    });
  }

  /** Whether an answer of this size fits into a message. */
  fits(encoded: EncodedBody): boolean {
    return encoded.body.length + OVERHEAD_BYTES <= this.limits.maxMessageBytes;
  }

  /** Takes no more frames; the stream ends once everything is answered. */
  end(): void {
    this.isEnding = true;
    this.endIfDone();
  }

  private receive(frame: inference.ExchangeRequest): void {
    const now = performance.now();
    for (const call of frame.calls) {
      if (this.pending.has(call.callId)) {
        this.break(`call_id ${call.callId} is under way already`);
        return;
      }
      this.usedCredits += 1;
      if (this.usedCredits > this.limits.windowCalls) {
        this.refuse(call.callId, creditsExceeded(), { encoding: call.encoding, timing: NOT_RUN });
      } else this.handler.accept(call, this, now);
    }
    if (frame.ping !== 0) this.pong(frame.ping);
    for (const callId of frame.cancelledCallIds) this.cancel(callId);
  }

  /** Past everything that waits: it says that the event loop turns, not that the engine is free. */
  private pong(ping: number): void {
    if (!this.isClosed && !this.isBlocked) this.stream.write({ answers: [], credits: 0, pong: ping });
  }

  private cancel(callId: number): void {
    const call = this.pending.get(callId);
    if (call === undefined) return;
    call.isCancelled = true;
    this.pending.delete(callId);
    this.freedCredits += 1;
    this.scheduleFlush();
  }

  private settle(answer: inference.InferAnswer): void {
    if (this.isClosed) return;
    this.pending.delete(answer.callId);
    this.answers.push(answer);
    this.freedCredits += 1;
    this.scheduleFlush();
  }

  private scheduleFlush(): void {
    if (this.isFlushing || this.isBlocked || this.isClosed) return;
    this.isFlushing = true;
    queueMicrotask(this.flushBound);
  }

  private flush(): void {
    this.isFlushing = false;
    while (!this.isClosed && !this.isBlocked && (this.answers.length > 0 || this.freedCredits > 0)) {
      const credits = this.freedCredits;
      this.freedCredits = 0;
      this.usedCredits -= credits;
      if (this.stream.write({ answers: this.takeFrame(), credits, pong: 0 })) continue;
      this.isBlocked = true;
      this.stream.once('drain', () => this.unblock());
    }
    this.endIfDone();
  }

  private takeFrame(): inference.InferAnswer[] {
    let bytes = 0;
    let count = 0;
    for (const answer of this.answers) {
      bytes += answer.body.length;
      if (count > 0 && bytes > FRAME_BYTES) break;
      count += 1;
    }
    if (count < this.answers.length) return this.answers.splice(0, count);
    const all = this.answers;
    this.answers = [];
    return all;
  }

  private unblock(): void {
    this.isBlocked = false;
    this.scheduleFlush();
  }

  private endIfDone(): void {
    if (!this.isEnding || this.isBusy || this.isClosed) return;
    this.stream.end();
    this.close();
  }

  /** The gateway breaks the contract: the stream ends with a status that says how. */
  private break(details: string): void {
    this.stream.emit('error', { code: status.INVALID_ARGUMENT, details });
    this.close();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const call of this.pending.values()) call.isCancelled = true;
    this.pending.clear();
    this.answers = [];
    this.handler.closed(this);
  }
}
