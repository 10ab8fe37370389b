import type { NatsConnection } from '@nats-io/transport-node';
import type { DataPlaneTuning, ProxyLog } from '../ports.js';
import { HeldCalls } from './held-calls.js';
import { PendingCall, unavailable } from './pending-call.js';
import type { CallListener, CallSpec } from './pending-call.js';
import { pickReplica } from './pick-replica.js';
import { ReplicaDirectory } from './replica-directory.js';
import type { Replica } from './replica-directory.js';
import { ReplicaLink } from './replica-link.js';

/** Calls on one link beyond this are refused: they would only wait for their deadline. */
const MAX_LINK_LOAD = 10_000;

/**
 * Sends predictions to replicas. A call that a broken or stalled stream lost is sent once more inside its deadline,
 * never to the one that stalled; a call for a version that is ready nowhere yet is held for a while.
 */
export class ReplicaPool {
  private readonly directory: ReplicaDirectory;
  private readonly held = new HeldCalls();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tuning: DataPlaneTuning,
    private readonly log: ProxyLog,
  ) {
    this.directory = new ReplicaDirectory(tuning.heartbeatMs, {
      connect: ({ address }) => this.connect(address),
      removed: (replica) => this.drop(replica),
      changed: () => this.release(),
    });
  }

  /** Follows the heartbeats until `signal` aborts, and watches over deadlines. */
  start(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    this.timer = setInterval(() => this.sweep(), this.tuning.sweepMs);
    this.timer.unref();
    return this.directory.follow(nats, signal);
  }

  /** Ends every stream; what is unanswered fails. */
  stop(): void {
    clearInterval(this.timer);
    this.directory.clear();
    this.held.failAll(unavailable('The gateway is stopping. Try again.'));
  }

  /** Sends a call. The result can be cancelled. */
  send(spec: CallSpec, listener: CallListener): PendingCall {
    const call = new PendingCall(spec, listener);
    this.dispatch(call, performance.now());
    return call;
  }

  /** Whether a call for this version would be sent at once. */
  isReady(modelVersionId: string): boolean {
    return pickReplica(this.directory, modelVersionId, performance.now()) !== undefined;
  }

  /** Calls that are queued or sent on all streams. */
  get load(): number {
    return [...this.directory.all()].reduce((sum, { link }) => sum + link.load, 0);
  }

  /** The replicas that take calls now, for whoever looks into the gateway. */
  usableAddresses(): string[] {
    return [...this.directory.all()].filter(({ link }) => link.isUsable).map(({ link }) => link.address);
  }

  private dispatch(call: PendingCall, nowMs: number): void {
    const replica = pickReplica(this.directory, call.spec.modelVersionId, nowMs, call.avoid);
    if (replica === undefined) this.hold(call, nowMs);
    else if (replica.link.load >= MAX_LINK_LOAD)
      call.fail(unavailable('Too many requests are waiting. Try again.'));
    else replica.link.submit(call);
  }

  private hold(call: PendingCall, nowMs: number): void {
    const { modelVersionId, deadlineMs } = call.spec;
    const failure = this.directory.failureOf(modelVersionId);
    if (failure !== undefined && this.directory.readyFor(modelVersionId).length === 0) {
      call.fail(unavailable(`This model version could not be loaded: ${failure}`));
      return;
    }
    if (call.holdUntilMs === 0) call.holdUntilMs = Math.min(deadlineMs, nowMs + this.tuning.holdMs);
    if (!this.held.add(call))
      call.fail(unavailable('Too many requests wait for this model version. Try again.'));
  }

  private connect(address: string): ReplicaLink {
    const link: ReplicaLink = new ReplicaLink(address, {
      opened: () => this.release(),
      broken: (calls, { reason, isStalled }) => {
        if (calls.length > 0) this.log.warn(`replica ${address} lost ${calls.length} calls: ${reason}`);
        this.redirect(calls, isStalled ? link : undefined);
      },
    });
    return link;
  }

  private drop(replica: Replica): void {
    this.redirect(replica.link.close());
  }

  private redirect(calls: readonly PendingCall[], stalled?: ReplicaLink): void {
    const nowMs = performance.now();
    for (const call of calls) {
      if (!call.isOpen) continue;
      call.avoid = stalled;
      if (call.mayRetry(nowMs)) this.dispatch(call, nowMs);
      else call.fail(unavailable('The replicas that were asked went away before they answered. Try again.'));
    }
  }

  private release(): void {
    const nowMs = performance.now();
    for (const call of this.held.takeAll()) this.dispatch(call, nowMs);
  }

  private sweep(): void {
    const nowMs = performance.now();
    for (const replica of this.directory.all()) replica.link.sweep(nowMs, this.tuning.stallMs);
    this.directory.forgetGone(nowMs);
    this.held.expire(nowMs);
  }
}
