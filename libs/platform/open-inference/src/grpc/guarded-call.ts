import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { OipError } from '../oip-error.js';
import { grpcStatus } from './grpc-status.js';

type Inner = ServerInterceptingCallInterface;
type Listener = Parameters<Inner['start']>[0];
type AuthContext = ReturnType<Inner['getAuthContext']>;

/** Who calls, as the backend knows it: the call's auth context with one more field. */
export type CallerContext = AuthContext & { readonly caller: unknown };

/** What guards the calls of a server. */
export interface CallGuard {
  /** When a prediction is given up at the latest. Milliseconds. */
  readonly requestTimeoutMs: number;
  /** Who calls, from the headers alone. Throws OipError. */
  admit(metadata: Metadata): unknown;
  opened(call: GuardedCall): void;
  closed(call: GuardedCall): void;
}

/** How many times the longest prediction an answered unary call may take to be taken off our hands. */
const LONGEST_LIFE = 2;

/**
 * A call that is admitted by its headers before a byte of its message is read, and that is given up when the message
 * does not arrive, or the answer is not taken, in time. One object per call and no closures: every call pays for it.
 */
export class GuardedCall extends ServerInterceptingCall implements Listener {
  private readonly startedMs = performance.now();
  private listener: Listener | undefined;
  private caller: unknown;
  private isReceived = false;
  private sendingSinceMs = 0;

  constructor(
    private readonly inner: Inner,
    private readonly guard: CallGuard,
    /** Whether either side may send several messages, so that the call has no end of its own. */
    private readonly isStream: boolean,
  ) {
    super(inner);
  }

  override start(listener: Listener): void {
    this.listener = listener;
    this.inner.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    try {
      this.caller = this.guard.admit(metadata);
    } catch (error) {
      this.inner.sendStatus(grpcStatus(error as OipError));
      return;
    }
    this.guard.opened(this);
    this.listener?.onReceiveMetadata(metadata);
  }

  // The type of a message is the business of whoever registered the method.
  onReceiveMessage(message: unknown): void {
    this.listener?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.isReceived = true;
    this.listener?.onReceiveHalfClose();
  }

  /** Heard at the end of every call, cancelled or not. */
  onCancel(): void {
    this.guard.closed(this);
    this.listener?.onCancel();
  }

  override sendMetadata(metadata: Metadata): void {
    this.inner.sendMetadata(metadata);
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (!this.isStream) {
      this.inner.sendMessage(message, callback);
      return;
    }
    this.sendingSinceMs = performance.now();
    this.inner.sendMessage(message, () => {
      this.sendingSinceMs = 0;
      callback();
    });
  }

  override sendStatus(ending: Parameters<Inner['sendStatus']>[0]): void {
    this.inner.sendStatus(ending);
  }

  override startRead(): void {
    this.inner.startRead();
  }

  override getAuthContext(): CallerContext {
    return { ...this.inner.getAuthContext(), caller: this.caller };
  }

  /** Gives up on a message that does not arrive. True when the connection has to go: nobody takes the answer. */
  isStuck(nowMs: number): boolean {
    const { requestTimeoutMs } = this.guard;
    if (this.isStream) return this.sendingSinceMs > 0 && nowMs - this.sendingSinceMs > requestTimeoutMs;
    const ageMs = nowMs - this.startedMs;
    if (!this.isReceived && ageMs > requestTimeoutMs) {
      const details = 'The message did not arrive in time.';
      this.inner.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    }
    return ageMs > requestTimeoutMs * LONGEST_LIFE;
  }
}
