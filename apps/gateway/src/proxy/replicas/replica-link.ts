import { replica as replicaService } from '@aimass/contracts';
import type { inference } from '@aimass/contracts';
import { MAX_MESSAGE_BYTES } from '@aimass/platform-grpc';
import { Client, credentials } from '@grpc/grpc-js';
import { FRAME_BYTES } from './exchange-frames.js';
import type { ExchangeRequest, ExchangeResponse } from './exchange-frames.js';
import { openFrames, openGrpc } from './exchange-stream.js';
import type { ExchangeStream } from './exchange-stream.js';
import { deadlineExceeded } from './pending-call.js';
import type { CallCarrier, PendingCall } from './pending-call.js';

const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 2_000;

/** Where a replica listens, as its heartbeat tells. */
export type ReplicaAddresses = Pick<inference.ReplicaHeartbeat, 'address' | 'frameAddress'>;

/** What a link tells its owner. */
export interface LinkListener {
  /** The replica granted its first credits: calls can be sent. */
  opened(): void;
  /** A call's answer is here; the call is not on the link any more. */
  answered(call: PendingCall, answer: inference.InferAnswer, nowMs: number): void;
  /** A call's time is up; the call is not on the link any more. */
  expired(call: PendingCall, nowMs: number): void;
  /** The stream is gone; these calls, queued or sent, have no answer. Another try at the stream is already planned. */
  broken(calls: PendingCall[], loss: Loss): void;
}

/** Why a stream was given up. */
export interface Loss {
  readonly reason: string;
  /** The replica is there but does not answer, so that asking it again is no use. */
  readonly isStalled: boolean;
  /** The replica had taken calls on it. */
  readonly wasOpen: boolean;
}

/** When a silent replica is taken for stuck. Milliseconds. */
export interface StallTuning {
  /** After this long without a frame, with calls unanswered, it is asked for a sign of life. */
  readonly pingMs: number;
  /** It is stuck when it gives none for this long. */
  readonly stallMs: number;
}

/**
 * The long-lived stream to one replica. Calls that come together leave together, in one frame for each turn of the event
 * loop; as many as the replica granted credits for, the rest queue. It opens by itself, and again with backoff after it broke.
 */
export class ReplicaLink implements CallCarrier {
  private readonly client: Client;
  private stream: ExchangeStream | undefined;
  private readonly sent = new Map<number, PendingCall>();
  private readonly queue = new Set<PendingCall>();
  private cancelled: number[] = [];
  private credits = 0;
  private lastCallId = 0;
  private heardMs = 0;
  /** When the sending began that has calls unanswered since. */
  private waitingSinceMs = 0;
  private pingedMs: number | undefined;
  private lastPing = 0;
  private backoffMs = FIRST_BACKOFF_MS;
  private retryTimer: NodeJS.Timeout | undefined;
  private isOpened = false;
  private isBlocked = false;
  private isFlushPlanned = false;
  private isClosed = false;

  constructor(
    private readonly addresses: ReplicaAddresses,
    private readonly listener: LinkListener,
  ) {
    this.client = new Client(addresses.address, credentials.createInsecure(), {
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

  /** `host:port` of the replica's gRPC. */
  get address(): string {
    return this.addresses.address;
  }

  /** Whether these are the addresses that it goes by. */
  isAt({ address, frameAddress }: ReplicaAddresses): boolean {
    return this.addresses.address === address && this.addresses.frameAddress === frameAddress;
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
    // A lone call leaves at once. Others leave with those of the same turn: every frame wakes the replica, which costs the
    // gateway more than reading a request does (smaller frames, sent earlier in the turn, took 20 % off the throughput).
    if (this.load === 1) this.flush();
    else this.planFlush();
  }

  /** Forgets a call that nobody waits for any more, and tells the replica when it has it. */
  abandon(call: PendingCall): void {
    if (this.queue.delete(call)) return;
    if (!this.sent.delete(call.callId)) return;
    this.cancelled.push(call.callId);
    this.planFlush();
  }

  /** How long nothing has come although calls are unanswered, in milliseconds. */
  silentMs(nowMs: number): number {
    return this.sent.size === 0 ? 0 : nowMs - Math.max(this.heardMs, this.waitingSinceMs);
  }

  /** Calls for a version that are queued or sent. */
  callsFor(modelVersionId: string): PendingCall[] {
    return [...this.sent.values(), ...this.queue].filter((call) => call.modelVersionId === modelVersionId);
  }

  /**
   * Fails calls whose time is up. Asks a replica that is silent with calls unanswered for a sign of life, and gives the
   * stream up when there is none: a slow model is no reason, since the process answers pings while it computes.
   */
  sweep(nowMs: number, { pingMs, stallMs }: StallTuning): void {
    for (const call of this.sent.values()) if (nowMs >= call.spec.deadlineMs) this.expire(call, nowMs);
    for (const call of this.queue) if (nowMs >= call.spec.deadlineMs) this.expire(call, nowMs);
    if (this.pingedMs !== undefined) {
      if (nowMs - this.pingedMs < stallMs) return;
      this.backoffMs = LAST_BACKOFF_MS / 2;
      this.lose(`no sign of life for ${stallMs} ms`, true);
    } else if (this.silentMs(nowMs) >= pingMs) this.ping(nowMs);
  }

  /** This process was away itself: the silence may be its own. */
  excuseSilence(nowMs: number): void {
    this.heardMs = nowMs;
    this.pingedMs = undefined;
  }

  /** Asks the replica to bring a version into memory. Rejects when it does not. */
  loadVersion(modelVersionId: string, timeoutMs: number): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = replicaService.ReplicaServiceService.loadVersion;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { modelVersionId },
        { deadline: Date.now() + timeoutMs },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
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

  private expire(call: PendingCall, nowMs: number): void {
    this.abandon(call);
    this.listener.expired(call, nowMs);
    call.fail(deadlineExceeded());
  }

  private ping(nowMs: number): void {
    this.pingedMs = nowMs;
    this.lastPing = (this.lastPing + 1) >>> 0 || 1;
    // Also past a full buffer: it is a few bytes, and a replica that reads nothing is what is to be found out.
    this.stream?.write({ calls: [], cancelledCallIds: [], ping: this.lastPing });
  }

  private open(): void {
    const { frameAddress } = this.addresses;
    const stream = frameAddress === '' ? openGrpc(this.client) : openFrames(frameAddress);
    this.stream = stream;
    const lost = (reason: string) => (): void => {
      if (this.stream === stream) this.lose(reason, false);
    };
    stream.on('data', (frame: ExchangeResponse) => this.receive(stream, frame));
    stream.on('drain', () => {
      this.isBlocked = false;
      this.planFlush();
    });
    stream.on('error', lost('the stream broke'));
    stream.on('end', lost('the replica ended the stream'));
    stream.on('close', lost('the connection was closed'));
  }

  private receive(stream: object, frame: ExchangeResponse): void {
    if (this.stream !== stream) return;
    const nowMs = performance.now();
    this.heardMs = nowMs;
    // Any frame is a sign of life, not the pong alone.
    this.pingedMs = undefined;
    this.credits += frame.credits;
    for (const answer of frame.answers) {
      const call = this.sent.get(answer.callId);
      if (call === undefined) continue;
      this.sent.delete(answer.callId);
      call.link = undefined;
      this.listener.answered(call, answer, nowMs);
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
    if (this.sent.size === 0) this.waitingSinceMs = nowMs;
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

  private lose(reason: string, isStalled: boolean): void {
    const wasOpen = this.isOpened;
    const calls = this.takeCalls();
    this.dropStream();
    if (!this.isClosed) {
      this.retryTimer = setTimeout(() => this.open(), this.backoffMs);
      this.backoffMs = Math.min(LAST_BACKOFF_MS, this.backoffMs * 2);
    }
    this.listener.broken(calls, { reason, isStalled, wasOpen });
  }

  private dropStream(): void {
    const stream = this.stream;
    this.stream = undefined;
    this.isOpened = false;
    this.isBlocked = false;
    this.credits = 0;
    this.cancelled = [];
    this.pingedMs = undefined;
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
    modelVersionId: call.modelVersionId,
    modelName: spec.modelName,
    timeoutMs: Math.max(1, Math.ceil(spec.deadlineMs - nowMs)),
    encoding: spec.encoding,
    jsonLength: spec.jsonLength,
    body: spec.body,
    priority: spec.priority,
  };
}
