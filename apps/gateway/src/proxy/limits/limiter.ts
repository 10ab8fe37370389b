import type { Policy } from '../routing/compiled-routes.js';
import type { Leases } from './leases.js';
import { LimitBucket } from './limit-bucket.js';

/** A limit that nobody asked for this long is forgotten. */
const FORGET_MS = 10 * 60_000;

/** What the limits say of one request. */
export interface Verdict {
  readonly isAdmitted: boolean;
  /** The limit closest to refusing, or the one that refuses for longest. */
  readonly tightest: LimitBucket;
  /** Requests it would still admit at once. */
  readonly remaining: number;
  /** When admitted: milliseconds until all of it is there again. When refused: until a request would be admitted. */
  readonly resetMs: number;
}

/**
 * The limits of this gateway, judged in memory over the slices it holds. All limits of a request are judged at the same
 * instant, all or nothing: a refused request is counted by none of them.
 */
export class Limiter {
  private readonly buckets = new Map<string, LimitBucket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly leases: Leases) {}

  /** Starts to renew slices that are in use. */
  start(everyMs: number): void {
    this.timer = setInterval(() => this.renew(), everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * Judges a request against its limits (at least one). A promise only when a slice has to be fetched first; it rejects
   * with a DomainError (unavailable) when a limit cannot be judged.
   */
  admit(policies: readonly Policy[]): Verdict | Promise<Verdict> {
    const nowMs = performance.now();
    const buckets = policies.map((policy) => this.bucketOf(policy));
    const missing = buckets.filter((bucket) => !bucket.isHeld(nowMs));
    if (missing.length === 0) return judge(buckets, nowMs);
    return this.leases.acquire(missing).then(() => judge(buckets, performance.now()));
  }

  private bucketOf(policy: Policy): LimitBucket {
    const found = this.buckets.get(policy.id);
    if (found && isSame(found.policy, policy)) return found;
    const created = new LimitBucket(policy);
    this.buckets.set(policy.id, created);
    return created;
  }

  private renew(): void {
    const nowMs = performance.now();
    const due: LimitBucket[] = [];
    for (const [id, bucket] of this.buckets) {
      if (bucket.isDue(nowMs) && bucket.asking === undefined) due.push(bucket);
      else if (bucket.lastUsedMs > 0 && nowMs - bucket.lastUsedMs > FORGET_MS) this.buckets.delete(id);
    }
    // A slice that is due exists, so a failure keeps it and never rejects.
    if (due.length > 0) this.leases.acquire(due).catch(() => undefined);
  }
}

function isSame(a: Policy, b: Policy): boolean {
  return a === b || (a.requests === b.requests && a.windowSeconds === b.windowSeconds);
}

function judge(buckets: readonly LimitBucket[], nowMs: number): Verdict {
  let tightest = buckets[0] as LimitBucket;
  let waitMs = 0;
  for (const bucket of buckets) {
    const wait = bucket.waitMs(nowMs);
    if (wait > waitMs) {
      waitMs = wait;
      tightest = bucket;
    }
  }
  if (waitMs > 0) return { isAdmitted: false, tightest, remaining: 0, resetMs: waitMs };
  let remaining = Number.POSITIVE_INFINITY;
  for (const bucket of buckets) {
    bucket.take();
    const left = bucket.remaining(nowMs);
    if (left >= remaining) continue;
    remaining = left;
    tightest = bucket;
  }
  return { isAdmitted: true, tightest, remaining, resetMs: tightest.fullInMs(nowMs) };
}
