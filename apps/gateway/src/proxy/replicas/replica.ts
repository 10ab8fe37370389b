import type { inference } from '@aimass/contracts';
import { Ejection } from './ejection.js';
import type { EjectionTuning } from './ejection.js';
import { PeakLatency } from './peak-latency.js';
import { RecentAnswers } from './recent-answers.js';
import type { ReplicaLink } from './replica-link.js';

/** Half of the time over which versions on replicas are compared. */
const HALF_WINDOW_MS = 2_500;
/** A replica that refused a call is asked again, with others to choose from, after this long. */
const REFUSAL_MS = 250;

/** A replica as its last heartbeat describes it. */
export class Replica {
  heartbeat: inference.ReplicaHeartbeat;
  ready: ReadonlySet<string> = new Set();
  cold: ReadonlySet<string> = new Set();
  /** When the last heartbeat arrived, on the monotonic clock. */
  seenMs: number;
  /** It took its key away. */
  hasLeft = false;
  /** Whether its process takes calls. */
  readonly ejection: Ejection;
  private readonly seats = new Map<string, Seat>();
  private breaks: number[] = [];

  constructor(
    readonly id: string,
    readonly link: ReplicaLink,
    heartbeat: inference.ReplicaHeartbeat,
    private readonly tuning: EjectionTuning,
  ) {
    this.seenMs = performance.now();
    this.ejection = new Ejection(tuning, this.seenMs, true);
    this.heartbeat = heartbeat;
    this.describe(heartbeat);
  }

  /** Takes what it says of itself; returns whether other calls can be sent to it than before. */
  update(heartbeat: inference.ReplicaHeartbeat): boolean {
    const before = this.heartbeat;
    this.hasLeft = false;
    this.seenMs = performance.now();
    this.heartbeat = heartbeat;
    const isSame =
      before.draining === heartbeat.draining &&
      isSameList(before.readyModelVersionIds, heartbeat.readyModelVersionIds) &&
      isSameList(before.coldModelVersionIds, heartbeat.coldModelVersionIds);
    if (isSame && Object.keys(heartbeat.failedModelVersions).length === 0) return false;
    this.describe(heartbeat);
    return true;
  }

  /** Gets nothing new, and keeps its stream until it has answered what it has. */
  leave(): void {
    this.heartbeat = { ...this.heartbeat, draining: true };
    this.hasLeft = true;
    this.seenMs = Number.NEGATIVE_INFINITY;
  }

  /** The version on this replica, with what is known of its answers. */
  seat(modelVersionId: string): Seat {
    let seat = this.seats.get(modelVersionId);
    if (seat === undefined) {
      seat = new Seat(this, modelVersionId, new Ejection(this.tuning, performance.now(), false));
      this.seats.set(modelVersionId, seat);
    }
    return seat;
  }

  /** Counts a break of its stream; returns how many there were in the last `withinMs`. */
  countBreak(nowMs: number, withinMs: number): number {
    this.breaks = [...this.breaks.filter((brokeMs) => nowMs - brokeMs < withinMs), nowMs];
    return this.breaks.length;
  }

  private describe(heartbeat: inference.ReplicaHeartbeat): void {
    this.ready = new Set(heartbeat.readyModelVersionIds);
    this.cold = new Set(heartbeat.coldModelVersionIds);
    // What is loaded anew is judged anew.
    for (const id of this.seats.keys()) if (!this.ready.has(id)) this.seats.delete(id);
  }
}

/** A version on a replica: what a call is sent to, and what its answers were like. */
export class Seat {
  readonly latency = new PeakLatency();
  readonly recent = new RecentAnswers(HALF_WINDOW_MS);
  /** Failures since the last good answer, and when the first of them was. */
  streak = 0;
  streakSinceMs = 0;
  /** When its answers were last compared with those of others. */
  comparedMs = 0;
  private refusedUntilMs = 0;

  constructor(
    readonly replica: Replica,
    readonly modelVersionId: string,
    readonly ejection: Ejection,
  ) {}

  /** Whether the replica, or this version on it, is ejected. */
  get isOut(): boolean {
    return this.replica.ejection.isOut || this.ejection.isOut;
  }

  /** Whether a call should be sent to find out if it is well again. */
  isProbeDue(nowMs: number): boolean {
    const outs = [this.replica.ejection, this.ejection].filter(({ isOut }) => isOut);
    return outs.length > 0 && outs.every((ejection) => ejection.isProbeDue(nowMs));
  }

  /** The share of its calls that it should get, above 0 and up to 1. */
  share(nowMs: number): number {
    return Math.min(this.replica.ejection.share(nowMs), this.ejection.share(nowMs));
  }

  /** Whether it refused a call a moment ago. */
  isRefusing(nowMs: number): boolean {
    return nowMs < this.refusedUntilMs;
  }

  /** A good answer after `durationMs`. */
  succeeded(durationMs: number, nowMs: number): void {
    this.tookAtLeast(durationMs, nowMs);
    this.streak = 0;
    this.refusedUntilMs = 0;
  }

  /** An answer that took, or would have taken, this long. */
  tookAtLeast(durationMs: number, nowMs: number): void {
    this.latency.observe(durationMs, nowMs);
    this.recent.answered(durationMs, nowMs);
  }

  /** An error of the replica's own. */
  failed(nowMs: number): void {
    this.recent.failed(nowMs);
    this.lengthenStreak(nowMs);
  }

  /** The call was not run. */
  refused(nowMs: number): void {
    this.refusedUntilMs = nowMs + REFUSAL_MS;
    this.lengthenStreak(nowMs);
  }

  private lengthenStreak(nowMs: number): void {
    if (this.streak === 0) this.streakSinceMs = nowMs;
    this.streak += 1;
  }
}

function isSameList(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((value, index) => value === after[index]);
}
