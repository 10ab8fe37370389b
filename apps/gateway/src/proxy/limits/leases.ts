import { DomainError } from '@aimass/platform-errors';
import type { LeaseGrantor, ProxyLog } from '../ports.js';
import type { LimitBucket } from './limit-bucket.js';

/** A lease that does not come within this is not waited for. */
const DEADLINE_MS = 1_000;

/** Gets slices of limits from traffic-control: one call for all that are needed, one at a time for each limit. */
export class Leases {
  private isAway = false;

  constructor(
    private readonly gatewayId: string,
    private readonly grantor: LeaseGrantor,
    private readonly log: ProxyLog,
  ) {}

  /**
   * Gets a slice of each limit; joins calls that are under way. When traffic-control does not answer, the last slices
   * are kept. Rejects with a DomainError (unavailable) when a limit never had one: it cannot be judged then.
   */
  async acquire(buckets: readonly LimitBucket[]): Promise<void> {
    const missing = buckets.filter((bucket) => bucket.asking === undefined);
    if (missing.length > 0) {
      const asking = this.ask(missing).finally(() => {
        for (const bucket of missing) bucket.asking = undefined;
      });
      for (const bucket of missing) bucket.asking = asking;
    }
    await Promise.all(buckets.map(async (bucket) => bucket.asking));
  }

  private async ask(buckets: readonly LimitBucket[]): Promise<void> {
    const sentMs = performance.now();
    try {
      const demands = buckets.map((bucket) => ({
        policyId: bucket.policy.id,
        requestsPerSecond: bucket.demand(sentMs),
      }));
      const request = { gatewayId: this.gatewayId, demands };
      const { leases } = await this.grantor.acquireLeases(request, { deadlineMs: DEADLINE_MS });
      const byPolicy = new Map(leases.map((lease) => [lease.policyId, lease]));
      const nowMs = performance.now();
      for (const bucket of buckets) bucket.grant(byPolicy.get(bucket.policy.id), sentMs, nowMs);
      this.tell(false, '');
    } catch (error) {
      this.tell(true, error instanceof Error ? error.message : String(error));
      this.keepAll(buckets, error);
    }
  }

  private keepAll(buckets: readonly LimitBucket[], cause: unknown): void {
    const nowMs = performance.now();
    const kept = buckets.map((bucket) => bucket.keep(nowMs));
    if (kept.every(Boolean)) return;
    const message = 'A limit on this request cannot be checked right now. Try again in a second.';
    throw new DomainError('unavailable', 'gateway.limit_unknown', message, { cause });
  }

  private tell(isAway: boolean, reason: string): void {
    if (isAway === this.isAway) return;
    this.isAway = isAway;
    if (isAway) this.log.warn(`no leases (${reason}): the last slices stay in force`);
    else this.log.log('leases are granted again');
  }
}
