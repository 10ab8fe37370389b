import type { inference } from '@aimass/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataPlaneTuning, ProxyLog } from '../ports.js';
import { HeldCalls } from './held-calls.js';
import { LoadAhead } from './load-ahead.js';
import { Outliers } from './outliers.js';
import { PendingCall, unavailable } from './pending-call.js';
import type { CallListener, CallSpec } from './pending-call.js';
import { hasUsable, pickSeat } from './pick-seat.js';
import { ReplicaDirectory } from './replica-directory.js';
import { ReplicaLink } from './replica-link.js';
import type { Loss } from './replica-link.js';
import { endProbe, seatOf, startProbe } from './probes.js';
import { Replica } from './replica.js';
import type { Seat } from './replica.js';
import { RetryBudget } from './retry-budget.js';

/** Calls on one link beyond this are refused: they would only wait for their deadline. */
const MAX_LINK_LOAD = 10_000;
/** Calls that wait for a cold version leave at least half of a link to the versions that are warm. */
const MAX_COLD_LINK_LOAD = 512;
/** A stream that broke this often within this time keeps breaking. */
const MANY_BREAKS = 3;
const BREAKS_WITHIN_MS = 30_000;

/** A replica as operators see it. */
export interface ReplicaView {
  readonly id: string;
  /** `host:port` of its services. */
  readonly address: string;
  readonly heartbeat: inference.ReplicaHeartbeat;
  /** Its stream is open. */
  readonly isUsable: boolean;
  /** It gets no calls for now because its stream stalled or kept breaking. */
  readonly isEjected: boolean;
  /** Calls that are queued or sent. */
  readonly load: number;
}

/**
 * Sends predictions to replicas. A call that a stream lost, or that a replica refused without running it, is sent once
 * more inside its deadline and the retry budget, and never to the one that stalled or refused. A call for a version that
 * is ready nowhere goes to a predecessor that is, else to the one replica that is to load it, else it is held for a
 * while.
 */
export class ReplicaPool {
  private readonly directory: ReplicaDirectory;
  private readonly held = new HeldCalls();
  private readonly budget: RetryBudget;
  private readonly outliers: Outliers;
  private readonly loadAhead: LoadAhead;
  private timer: NodeJS.Timeout | undefined;
  private sweptMs = performance.now();
  private calls = 0;
  private bytes = 0;
  private readonly settled = (call: PendingCall, isCancelled: boolean): void => {
    this.calls -= 1;
    this.bytes -= call.spec.body.length;
    if (isCancelled) this.cancelled(call, performance.now());
  };

  constructor(
    private readonly tuning: DataPlaneTuning,
    private readonly log: ProxyLog,
  ) {
    this.budget = new RetryBudget(tuning);
    this.loadAhead = new LoadAhead(log);
    this.directory = new ReplicaDirectory(tuning.heartbeatMs, {
      arrived: (id, heartbeat) => this.connect(id, heartbeat),
      removed: (replica) => this.drop(replica),
      changed: () => this.release(),
    });
    this.outliers = new Outliers(tuning.refusingMs, {
      seatsOf: (modelVersionId) => this.directory.seatsOf(modelVersionId),
      ejected: (seat, reason) => this.moveCalls(seat, reason),
    });
  }

  /** Follows the heartbeats until `signal` aborts, and watches over deadlines. */
  start(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    this.sweptMs = performance.now();
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
    const call = new PendingCall(spec, listener, this.settled);
    this.calls += 1;
    this.bytes += spec.body.length;
    const nowMs = performance.now();
    this.budget.countRequest(nowMs);
    this.dispatch(call, nowMs);
    return call;
  }

  /** Whether a call for this version would be sent at once to a replica that has it warm. */
  isReady(modelVersionId: string): boolean {
    return hasUsable(this.directory.seatsOf(modelVersionId));
  }

  /** Whether a call would be answered at once, by the version it is for or by a predecessor. */
  canAnswer({
    modelVersionId,
    predecessors = [],
  }: Pick<CallSpec, 'modelVersionId' | 'predecessors'>): boolean {
    const nowMs = performance.now();
    const stillAnswers = predecessors.filter(({ untilMs }) => nowMs < untilMs);
    return this.isReady(modelVersionId) || stillAnswers.some((one) => this.isReady(one.modelVersionId));
  }

  /** Whether a replica would load this version when a call comes. */
  isOnOffer(modelVersionId: string): boolean {
    return this.directory.loaderOf(modelVersionId) !== undefined;
  }

  /** Calls that are not settled: held, queued or sent. */
  get openCalls(): number {
    return this.calls;
  }

  /** The bytes of their bodies. */
  get openBytes(): number {
    return this.bytes;
  }

  /** Calls that are queued or sent on all streams. */
  get load(): number {
    return [...this.directory.all()].reduce((sum, { link }) => sum + link.load, 0);
  }

  /** The replicas that there are, as their last heartbeats describe them. */
  all(): ReplicaView[] {
    return [...this.directory.all()].map(({ id, link, heartbeat, ejection }) => ({
      id,
      address: link.address,
      heartbeat,
      isUsable: link.isUsable,
      isEjected: ejection.isOut,
      load: link.load,
    }));
  }

  /** Where a version is ready but gets no calls for now. */
  ejectedAddresses(modelVersionId: string): string[] {
    const seats = this.directory.seatsOf(modelVersionId);
    return seats.filter(({ isOut }) => isOut).map(({ replica }) => replica.link.address);
  }

  /** The replicas that take calls now, for whoever looks into the gateway. */
  usableAddresses(): string[] {
    return [...this.directory.all()].filter(({ link }) => link.isUsable).map(({ link }) => link.address);
  }

  private dispatch(call: PendingCall, nowMs: number): void {
    if (!this.place(call, nowMs, false)) this.hold(call, nowMs);
  }

  /** Puts the call onto a stream; false when no replica can take it. `skipsRefusing`: none that refused one lately. */
  private place(call: PendingCall, nowMs: number, skipsRefusing: boolean): boolean {
    const seat = this.seatFor(call, nowMs, skipsRefusing);
    if (seat !== undefined) {
      if (seat.isOut && seat.isProbeDue(nowMs)) startProbe(call, seat, nowMs);
      this.submit(call, seat.modelVersionId, seat.replica);
      call.seat = seat;
      return true;
    }
    const { modelVersionId } = call.spec;
    const loader = this.directory.loaderOf(modelVersionId, call.avoid);
    if (loader === undefined || loader.link.load >= MAX_COLD_LINK_LOAD) return false;
    this.submit(call, modelVersionId, loader);
    return true;
  }

  private submit(call: PendingCall, modelVersionId: string, { link }: Replica): void {
    call.modelVersionId = modelVersionId;
    call.seat = undefined;
    if (link.load < MAX_LINK_LOAD) link.submit(call);
    else call.fail(unavailable('Too many requests are waiting. Try again.'));
  }

  /** The warm version that answers the call: the one it is for, else the best predecessor. */
  private seatFor(call: PendingCall, nowMs: number, skipsRefusing: boolean): Seat | undefined {
    const { modelVersionId, predecessors } = call.spec;
    const rules = { nowMs, lateMs: this.tuning.heartbeatMs, avoid: call.avoid, skipsRefusing };
    const wanted = pickSeat(this.directory.seatsOf(modelVersionId), rules);
    if (wanted !== undefined || predecessors === undefined) return wanted;
    for (const predecessor of predecessors) {
      if (nowMs >= predecessor.untilMs) continue;
      const seat = pickSeat(this.directory.seatsOf(predecessor.modelVersionId), rules);
      if (seat === undefined) continue;
      const loader = this.directory.loaderOf(modelVersionId);
      if (loader !== undefined) this.loadAhead.ask(modelVersionId, loader, nowMs);
      return seat;
    }
    return undefined;
  }

  private hold(call: PendingCall, nowMs: number): void {
    const { modelVersionId, deadlineMs } = call.spec;
    const failure = this.directory.failureOf(modelVersionId);
    if (failure !== undefined && this.directory.seatsOf(modelVersionId).length === 0) {
      call.fail(unavailable(`This model version is not served: ${failure}`));
      return;
    }
    call.seat = undefined;
    if (call.holdUntilMs === 0) call.holdUntilMs = Math.min(deadlineMs, nowMs + this.tuning.holdMs);
    if (!this.held.add(call))
      call.fail(unavailable('Too many requests wait for this model version. Try again.'));
  }

  private connect(id: string, heartbeat: inference.ReplicaHeartbeat): Replica {
    const { address, frameAddress } = heartbeat;
    const link = new ReplicaLink(
      { address, frameAddress },
      {
        opened: () => this.opened(replica),
        answered: (call, answer, nowMs) => this.answered(replica, call, answer, nowMs),
        expired: (call, nowMs) => this.expired(call, nowMs),
        broken: (calls, loss) => this.broken(replica, calls, loss),
      },
    );
    const replica: Replica = new Replica(id, link, heartbeat, this.tuning);
    return replica;
  }

  private opened(replica: Replica): void {
    replica.ejection.startGently(performance.now());
    this.release();
  }

  private answered(from: Replica, call: PendingCall, answer: inference.InferAnswer, nowMs: number): void {
    this.judge(call, answer, nowMs);
    if (answer.unrun && this.isSentElsewhere(from, call, answer.status)) return;
    call.answer(answer);
  }

  private judge(call: PendingCall, { status, unrun }: inference.InferAnswer, nowMs: number): void {
    const seat = seatOf(call);
    if (seat === undefined) return;
    const durationMs = nowMs - call.sentMs;
    const isGood = status >= 200 && status <= 299;
    const isBad = unrun || status === 500;
    if (call.isProbe) {
      const isWell = isGood ? !this.outliers.isSlow(seat, durationMs, nowMs) : isBad ? false : undefined;
      endProbe(call, isWell, nowMs);
    }
    if (isGood) this.outliers.succeeded(seat, durationMs, nowMs);
    else if (unrun) this.outliers.refused(seat, nowMs);
    else if (isBad) this.outliers.failed(seat, nowMs);
  }

  /**
   * Finds another place for a call that a replica refused without running it; false when the refusal stands. When all
   * are busy it stands: asking around would only make them busier.
   */
  private isSentElsewhere(from: Replica, call: PendingCall, status: number): boolean {
    const nowMs = performance.now();
    if (!call.isOpen || !call.mayRetry(nowMs)) return false;
    call.avoid = from.link;
    const isThere = !isGone(from, call, status, nowMs);
    if (isThere && this.seatFor(call, nowMs, true) === undefined) return false;
    if (!this.budget.take(nowMs)) return false;
    if (!this.place(call, nowMs, isThere)) this.hold(call, nowMs);
    return true;
  }

  private expired(call: PendingCall, nowMs: number): void {
    if (call.isProbe) endProbe(call, false, nowMs);
    const seat = seatOf(call);
    if (seat === undefined || call.sentMs === 0) return;
    this.outliers.timedOut(seat, nowMs - call.sentMs, nowMs);
  }

  /** A caller that went away had waited for this long at least. */
  private cancelled(call: PendingCall, nowMs: number): void {
    const { sentMs } = call;
    const seat = seatOf(call);
    if (call.isProbe) endProbe(call, undefined, nowMs);
    if (seat === undefined || sentMs === 0) return;
    const waitedMs = nowMs - sentMs;
    if (waitedMs > seat.latency.at(nowMs)) this.outliers.timedOut(seat, waitedMs, nowMs);
  }

  private broken(
    replica: Replica,
    calls: readonly PendingCall[],
    { reason, isStalled, wasOpen }: Loss,
  ): void {
    const nowMs = performance.now();
    const { ejection, link } = replica;
    const breaks = wasOpen ? replica.countBreak(nowMs, BREAKS_WITHIN_MS) : 0;
    const probes = calls.filter(({ isProbe }) => isProbe);
    for (const probe of probes) endProbe(probe, false, nowMs);
    if (isStalled || breaks >= MANY_BREAKS) {
      this.log.warn(`replica ${link.address} is ejected: ${reason}`);
      if (probes.length === 0) ejection.eject(nowMs);
    }
    if (calls.length > 0) this.log.warn(`replica ${link.address} lost ${calls.length} calls: ${reason}`);
    this.redirect(calls, isStalled ? link : undefined);
  }

  private drop(replica: Replica): void {
    this.redirect(replica.link.close());
  }

  /** Sends calls that a stream lost once more. Those that never left the gateway cost no retry. */
  private redirect(calls: readonly PendingCall[], stalled?: ReplicaLink): void {
    const nowMs = performance.now();
    for (const call of calls) {
      if (!call.isOpen) continue;
      call.avoid = stalled;
      if (call.sentMs === 0 || (call.mayRetry(nowMs) && this.budget.take(nowMs))) this.dispatch(call, nowMs);
      else call.fail(unavailable('The replicas that were asked went away before they answered. Try again.'));
    }
  }

  /** The seat was ejected: what waits there and may be asked again goes elsewhere. */
  private moveCalls(seat: Seat, reason: string): void {
    const { link } = seat.replica;
    const nowMs = performance.now();
    this.log.warn(`replica ${link.address} is ejected for ${seat.modelVersionId}: ${reason}`);
    for (const call of link.callsFor(seat.modelVersionId)) {
      if (!call.isOpen) continue;
      if (call.sentMs > 0 && !(call.mayRetry(nowMs) && this.budget.take(nowMs))) continue;
      link.abandon(call);
      call.avoid = link;
      this.dispatch(call, nowMs);
    }
  }

  private release(): void {
    const nowMs = performance.now();
    for (const call of this.held.takeAll()) this.dispatch(call, nowMs);
  }

  private sweep(): void {
    const nowMs = performance.now();
    const { sweepMs, stallMs } = this.tuning;
    const wasAway = nowMs - this.sweptMs > sweepMs + stallMs / 2;
    this.sweptMs = nowMs;
    for (const { link } of this.directory.all()) {
      if (wasAway) link.excuseSilence(nowMs);
      link.sweep(nowMs, this.tuning);
    }
    this.directory.forgetGone(nowMs);
    this.held.expire(nowMs);
  }
}

/**
 * Whether the version is not there any more rather than busy: its replica is stopping, or has dropped it for a new one.
 * The heartbeat that says so may come after the refusal, and then says where the version is instead.
 */
function isGone(from: Replica, { spec }: PendingCall, status: number, nowMs: number): boolean {
  const isSwapping = (spec.predecessors ?? []).some(({ untilMs }) => nowMs < untilMs);
  return status === 404 || from.heartbeat.draining || isSwapping;
}
