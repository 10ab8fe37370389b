import type { inference } from '@aimass/contracts';

/** A version that answers in place of the one asked for until that is ready, `untilMs` of the monotonic clock at most. */
export interface Predecessor {
  readonly modelVersionId: string;
  readonly untilMs: number;
}

/** A prediction to be made. `deadlineMs` is an instant of the monotonic clock. */
export interface CallSpec {
  readonly modelVersionId: string;
  /** Versions that may answer while `modelVersionId` is ready nowhere, the best first; none when absent. */
  readonly predecessors?: readonly Predecessor[];
  /** The name to put into the answer. */
  readonly modelName: string;
  readonly jsonLength: number | undefined;
  readonly body: Buffer;
  /** How the body is encoded, both ways. */
  readonly encoding: inference.BodyEncoding;
  /** Which waiting calls of the version run first: 1 before 2; 0 means the version's own priority. */
  readonly priority: number;
  readonly deadlineMs: number;
}

/** What a call travels on. */
export interface CallCarrier {
  /** Nobody waits for the call any more. */
  abandon(call: PendingCall): void;
}

/** Why there is no answer from a replica. */
export interface CallFailure {
  /** 503 or 504. */
  readonly status: number;
  readonly message: string;
  /** Seconds after which a new try makes sense. */
  readonly retryAfter: number | undefined;
}

/** Hears exactly one of the two, once, unless the call is cancelled first. */
export interface CallListener {
  /** `modelVersionId` is the version that answered: the one asked for, or a predecessor. */
  answered(answer: inference.InferAnswer, modelVersionId: string): void;
  failed(failure: CallFailure): void;
}

/** At most two replicas see a call: inference changes nothing, so asking again is harmless. */
const MAX_ATTEMPTS = 2;

/** A call on its way: held, queued on a link, or sent. */
export class PendingCall {
  /** Where it is queued or sent; undefined while it is held. */
  link: CallCarrier | undefined;
  /** Its id on that link's stream. */
  callId = 0;
  /** When it was sent on that link, or 0. */
  sentMs = 0;
  /** The version it is sent for. */
  modelVersionId: string;
  /** What it was sent to and is judged by; undefined while it is held, and when it waits for a cold version. */
  seat: object | undefined;
  /** It finds out whether its seat, or the seat's replica, is well again. */
  isProbe = false;
  /** The link that is not asked again: it stalled with the call, or refused it. */
  avoid: CallCarrier | undefined;
  /** When holding it ends. */
  holdUntilMs = 0;
  private attempts = 0;
  private isSettled = false;

  /** `onSettled` is called once, as soon as the call is answered, has failed or is cancelled. */
  constructor(
    readonly spec: CallSpec,
    private readonly listener: CallListener,
    private readonly onSettled: (call: PendingCall, isCancelled: boolean) => void,
  ) {
    this.modelVersionId = spec.modelVersionId;
  }

  get isOpen(): boolean {
    return !this.isSettled;
  }

  /** Counts a sending. */
  countAttempt(nowMs: number): void {
    this.attempts += 1;
    this.sentMs = nowMs;
  }

  /** Whether it may be sent once more. */
  mayRetry(nowMs: number): boolean {
    return this.attempts < MAX_ATTEMPTS && nowMs < this.spec.deadlineMs;
  }

  answer(answer: inference.InferAnswer): void {
    if (!this.settle()) return;
    this.listener.answered(answer, this.modelVersionId);
  }

  fail(failure: CallFailure): void {
    if (!this.settle()) return;
    this.listener.failed(failure);
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (!this.settle(true)) return;
    this.link?.abandon(this);
  }

  private settle(isCancelled = false): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.onSettled(this, isCancelled);
    return true;
  }
}

/** The call's time is up. */
export function deadlineExceeded(): CallFailure {
  return {
    status: 504,
    message:
      'The prediction did not come in time. Allow more with x-request-timeout-ms, or send a smaller batch.',
    retryAfter: undefined,
  };
}

/** Nobody can answer now. */
export function unavailable(message: string): CallFailure {
  return { status: 503, message, retryAfter: 1 };
}
