import type { trafficControl } from '@aimass/contracts';
import type { Policy } from '../routing/compiled-routes.js';
import { Gcra } from './gcra.js';

/** One limit with the slice of it that this gateway holds. Times are milliseconds of the monotonic clock. */
export class LimitBucket {
  /** The item of the `RateLimit-Policy` list. */
  readonly policyItem: string;
  /** The renewal that is under way, if one is. */
  asking: Promise<void> | undefined;
  lastUsedMs = 0;
  private readonly gcra: Gcra;
  private hasLease = false;
  private isLifted = false;
  private share = 0;
  private endsMs = 0;
  private renewMs = 0;
  private asked = 0;
  private askedSinceMs = 0;

  constructor(readonly policy: Policy) {
    this.gcra = new Gcra(policy.requests, policy.windowSeconds * 1000);
    this.policyItem = `"${policy.id}";q=${policy.requests};w=${policy.windowSeconds}`;
  }

  /** Whether the slice can be used without asking. */
  isHeld(nowMs: number): boolean {
    return this.hasLease && nowMs < this.endsMs;
  }

  /** Whether a renewal is due: half of the slice's life is over and it was used. */
  isDue(nowMs: number): boolean {
    return this.hasLease && this.asked > 0 && nowMs >= this.renewMs;
  }

  /** Milliseconds until this limit would admit a request; 0 means now. Counts the request as asked for. */
  waitMs(nowMs: number): number {
    this.asked += 1;
    this.lastUsedMs = nowMs;
    if (this.isLifted) return 0;
    const wait = this.gcra.waitMs(nowMs);
    // Others hold the rest of the limit: say sooner that more is wanted here, so that the next slice is larger.
    if (wait > 0 && this.share < 1) this.renewMs = Math.min(this.renewMs, this.askedSinceMs + 250);
    return wait === Number.POSITIVE_INFINITY ? Math.max(1, this.endsMs - nowMs) : wait;
  }

  /** Counts an admitted request. */
  take(): void {
    if (!this.isLifted) this.gcra.take();
  }

  remaining(nowMs: number): number {
    return this.isLifted ? this.policy.requests : this.gcra.remaining(nowMs);
  }

  fullInMs(nowMs: number): number {
    return this.gcra.fullInMs(nowMs);
  }

  /** Requests per second asked of this limit since the last grant. */
  demand(nowMs: number): number {
    const seconds = Math.max(0.1, (nowMs - this.askedSinceMs) / 1000);
    return Math.max(1, this.asked) / (this.askedSinceMs === 0 ? 1 : seconds);
  }

  /** Takes a slice that was asked for at `sentMs`; none means that the limit does not exist any more. */
  grant(lease: trafficControl.Lease | undefined, sentMs: number, nowMs: number): void {
    this.hasLease = true;
    this.isLifted = lease === undefined;
    this.asked = 0;
    this.askedSinceMs = nowMs;
    const lifetimeMs = lease?.lifetimeMs ?? LIFTED_RECHECK_MS;
    this.endsMs = sentMs + lifetimeMs;
    this.renewMs = sentMs + lifetimeMs / 2;
    this.share = lease === undefined ? 1 : Math.min(1, Math.max(0, lease.share));
    this.gcra.resize(this.share, nowMs);
  }

  /** Goes on with the last slice because nobody grants a new one. False when there never was one. */
  keep(nowMs: number): boolean {
    if (!this.hasLease) return false;
    this.endsMs = Math.max(this.endsMs, nowMs + KEEP_MS);
    this.renewMs = nowMs + KEEP_MS / 2;
    return true;
  }
}

/** A limit that was lifted is asked for again after this long, if a snapshot still names it. */
const LIFTED_RECHECK_MS = 1_000;
/** How long the last slice is kept at a time while traffic-control is away. */
const KEEP_MS = 1_000;
