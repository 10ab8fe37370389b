import type { inference } from '@aimass/contracts';
import { MAX_MESSAGE_BYTES } from '@aimass/platform-grpc';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { EXCHANGE, FRAME_BYTES } from './exchange-frames.js';
import type { ExchangeRequest, ExchangeResponse } from './exchange-frames.js';
import { deadlineExceeded } from './pending-call.js';
import type { CallCarrier, PendingCall } from './pending-call.js';

const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 2_000;

/** What a link tells its owner. */
export interface LinkListener {
  /** The replica granted its first credits: calls can be sent. */
  opened(): void;
  /** The stream is gone; these calls, queued or sent, have no answer. Another try at the stream is already planned. */
  broken(calls: PendingCall[], loss: Loss): void;
}

/** Why a stream was given up. */
export interface Loss {
  readonly reason: string;
  /** The replica is there but does not answer, so that asking it again is no use. */
  readonly isStalled: boolean;
}

/**
 * The long-lived stream to one replica. All calls of one turn of the event loop leave in one frame; as many as the
 * replica granted credits for, the rest queue. It opens by itself, and again with backoff after it broke.
 */
export class ReplicaLink implements CallCarrier {
  private readonly client: Client;
  private stream: ClientDuplexStream<ExchangeRequest, ExchangeResponse> | undefined;
  private readonly sent = new Map<number, PendingCall>();
  private readonly queue = new Set<PendingCall>();
  private cancelled: number[] = [];
  private credits = 0;
  private lastCallId = 0;
  private heardMs = 0;
  private backoffMs = FIRST_BACKOFF_MS;
  private retryTimer: NodeJS.Timeout | undefined;
  private isOpened = false;
  private isBlocked = false;
  private isFlushPlanned = false;
  private isClosed = false;

  constructor(
    readonly address: string,
    private readonly listener: LinkListener,
  ) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.initial_reconnect_backoff_ms': FIRST_BACKOFF_MS,
      'grpc.min_reconnect_backoff_ms': FIRST_BACKOFF_MS,
      'grpc.max_reconnect_backoff_ms': LAST_BACKOFF_MS,
      // A link of its own: two links to one address (a restarted replica) must not share a connection's fate.
      'grpc.use_local_subchannel_pool': 1,
    });
    this.open();
  }

  /** Whether the replica has said that it takes calls, on the stream that is open now. */
  get isUsable(): boolean {
    return this.isOpened;
  }

  /** Calls that are queued or sent. */
  get load(): number {
    return this.sent.size + this.queue.size;
  }

  /** Queues a call for the frame of this turn. */
  submit(call: PendingCall): void {
    call.link = this;
    call.callId = 0;
    call.sentMs = 0;
    this.queue.add(call);
    this.planFlush();
  }

  /** Forgets a call that nobody waits for any more, and tells the replica when it has it. */
  abandon(call: PendingCall): void {
    if (this.queue.delete(call)) return;
    if (!this.sent.delete(call.callId)) return;
    this.cancelled.push(call.callId);
    this.planFlush();
  }

  /** Fails calls whose time is up; gives the stream up when it has been silent for too long with calls unanswered. */
  sweep(nowMs: number, stallMs: number): void {
    let oldestSentMs = nowMs;
    for (const call of this.sent.values()) {
      if (nowMs >= call.spec.deadlineMs) this.expire(call);
      if (call.sentMs < oldestSentMs) oldestSentMs = call.sentMs;
    }
    for (const call of this.queue) if (nowMs >= call.spec.deadlineMs) this.expire(call);
    if (nowMs - Math.max(oldestSentMs, this.heardMs) < stallMs) return;
    this.backoffMs = LAST_BACKOFF_MS / 2;
    this.lose({ reason: `no answer for ${stallMs} ms`, isStalled: true });
  }

  /** Ends the stream for good; returns the calls that have no answer. */
  close(): PendingCall[] {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    const calls = this.takeCalls();
    this.dropStream();
    this.client.close();
    return calls;
  }

  private expire(call: PendingCall): void {
    this.abandon(call);
    call.fail(deadlineExceeded());
  }

  private open(): void {
    const stream = this.client.makeBidiStreamRequest(
      EXCHANGE.path,
      EXCHANGE.requestSerialize,
      EXCHANGE.responseDeserialize,
      new Metadata({ waitForReady: false }),
    );
    this.stream = stream;
    const lost = (reason: string) => (): void => {
      if (this.stream === stream) this.lose({ reason, isStalled: false });
    };
    stream.on('data', (frame: ExchangeResponse) => this.receive(stream, frame));
    stream.on('drain', () => {
      this.isBlocked = false;
      this.planFlush();
    });
    stream.on('error', lost('the stream broke'));
    stream.on('end', lost('the replica ended the stream'));
  }

  private receive(stream: object, frame: ExchangeResponse): void {
    if (this.stream !== stream) return;
    this.heardMs = performance.now();
    this.credits += frame.credits;
    for (const answer of frame.answers) {
      const call = this.sent.get(answer.callId);
      if (call === undefined) continue;
      this.sent.delete(answer.callId);
      call.answer(answer);
    }
    if (!this.isOpened && this.credits > 0) {
      this.isOpened = true;
      this.backoffMs = FIRST_BACKOFF_MS;
      this.listener.opened();
    }
    if (this.queue.size > 0) this.planFlush();
  }

  private planFlush(): void {
    if (this.isFlushPlanned) return;
    this.isFlushPlanned = true;
    // After the poll phase: every request that the sockets delivered in this turn is in the queue then.
    setImmediate(() => {
      this.isFlushPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    while (this.stream && !this.isBlocked && (this.cancelled.length > 0 || this.canSend())) {
      const frame: ExchangeRequest = { calls: this.nextCalls(), cancelledCallIds: this.cancelled, ping: 0 };
      this.cancelled = [];
      if (!this.stream.write(frame)) this.isBlocked = true;
    }
  }

  private canSend(): boolean {
    return this.credits > 0 && this.queue.size > 0;
  }

  private nextCalls(): inference.InferCall[] {
    const nowMs = performance.now();
    const calls: inference.InferCall[] = [];
    let bytes = 0;
    for (const call of this.queue) {
      if (this.credits === 0 || (bytes > 0 && bytes + call.spec.body.length > FRAME_BYTES)) break;
      this.queue.delete(call);
      this.credits -= 1;
      bytes += call.spec.body.length;
      call.callId = this.nextCallId();
      call.countAttempt(nowMs);
      this.sent.set(call.callId, call);
      calls.push(toInferCall(call, nowMs));
    }
    return calls;
  }

  private nextCallId(): number {
    do this.lastCallId = (this.lastCallId + 1) >>> 0;
    while (this.lastCallId === 0 || this.sent.has(this.lastCallId));
    return this.lastCallId;
  }

  private lose(loss: Loss): void {
    const calls = this.takeCalls();
    this.dropStream();
    if (!this.isClosed) {
      this.retryTimer = setTimeout(() => this.open(), this.backoffMs);
      this.backoffMs = Math.min(LAST_BACKOFF_MS, this.backoffMs * 2);
    }
    this.listener.broken(calls, loss);
  }

  private dropStream(): void {
    const stream = this.stream;
    this.stream = undefined;
    this.isOpened = false;
    this.isBlocked = false;
    this.credits = 0;
    this.cancelled = [];
    stream?.cancel();
  }

  private takeCalls(): PendingCall[] {
    const calls = [...this.sent.values(), ...this.queue];
    this.sent.clear();
    this.queue.clear();
    for (const call of calls) call.link = undefined;
    return calls;
  }
}

function toInferCall(call: PendingCall, nowMs: number): inference.InferCall {
  const { spec } = call;
  return {
    callId: call.callId,
    modelVersionId: spec.modelVersionId,
    modelName: spec.modelName,
    timeoutMs: Math.max(1, Math.ceil(spec.deadlineMs - nowMs)),
    encoding: spec.encoding,
    jsonLength: spec.jsonLength,
    body: spec.body,
    priority: spec.priority,
  };
}
