import type { JobState } from '../jobs/job-state.js';
import type { Lease, RunsRepository } from './runs.repository.js';

/** Somebody else speaks for the job now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Keeps a lease alive from its creation until `stop`, whatever its holder is busy with, and knows the job's state. */
export class LeasePulse {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private isLost = false;

  constructor(
    private readonly runs: RunsRepository,
    private readonly lease: Lease,
    private readonly leaseSeconds: number,
    private lastState: JobState,
  ) {
    this.schedule();
  }

  /** The job's state when last heard. */
  get state(): JobState {
    return this.lastState;
  }

  /** Throws LeaseLost once another worker has taken over. */
  assertHeld(): void {
    if (this.isLost) throw new LeaseLost();
  }

  /** Renews now. A database that does not answer is asked again at the next beat: losing the lease is its verdict. */
  async beat(): Promise<void> {
    try {
      const state = await this.runs.renew(this.lease, this.leaseSeconds);
      if (state === null) this.isLost = true;
      else this.lastState = state;
    } catch {
      // The lease may run out meanwhile; then the next beat says so.
    }
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    const intervalMs = Math.min(1_000, (this.leaseSeconds * 1_000) / 3);
    this.timer = setTimeout(() => {
      void this.beat().then(() => {
        if (!this.isStopped && !this.isLost) this.schedule();
      });
    }, intervalMs);
  }
}
