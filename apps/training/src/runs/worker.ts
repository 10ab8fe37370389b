import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { JobChanges } from '../jobs/job-changes.js';
import type { Job } from '../jobs/job.entity.js';
import { createLeaseOwner, isProvablyDead } from './lease-owner.js';
import { RunFollower } from './run-follower.js';
import { RunsRepository } from './runs.repository.js';

/** Work that this process does not hear of is found by looking. */
const POLL_MS = 1_000;

/**
 * Takes jobs: first those whose worker has gone, which go on where they are, then queued ones as long as there is room.
 * When the service stops it ends its trainers and gives their jobs back.
 */
@Injectable()
export class Worker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Worker.name);
  private readonly owner = createLeaseOwner();
  private readonly stopping = new AbortController();
  private readonly active = new Map<string, Promise<void>>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly runs: RunsRepository,
    private readonly follower: RunFollower,
    private readonly changes: JobChanges,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    setMaxListeners(0, this.stopping.signal);
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.active.values());
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      // Listening starts before looking, so that no job falls between the two.
      const work = this.changes.nextWork(POLL_MS, this.stopping.signal);
      try {
        await this.takeOver();
        await this.fill();
      } catch (error) {
        this.logger.warn(`cannot look for work: ${String(error)}`);
      }
      await work;
    }
  }

  /** Whatever the limit: these trainers run already, or have ended and wait to be settled. */
  private async takeOver(): Promise<void> {
    const isOrphan = (jobId: string, owner: string): boolean =>
      owner === this.owner ? !this.active.has(jobId) : isProvablyDead(owner);
    const jobs = await this.runs.claimAbandoned(this.owner, this.config.LEASE_SECONDS, isOrphan);
    for (const job of jobs) {
      this.logger.log(`${job.id}: taking over run ${job.run}`);
      this.follow(job, false);
    }
  }

  private async fill(): Promise<void> {
    while (this.active.size < this.config.MAX_RUNNING_JOBS && !this.stopping.signal.aborted) {
      const job = await this.runs.claimNextQueued(this.owner, this.config.LEASE_SECONDS);
      if (!job) return;
      this.logger.log(`${job.id}: starting run ${job.run} (attempt ${job.attempt})`);
      this.follow(job, true);
    }
  }

  private follow(job: Job, isNew: boolean): void {
    const previous = this.active.get(job.id) ?? Promise.resolve();
    const following = previous
      .then(() => this.follower.follow(job, isNew, this.stopping.signal))
      .catch((error: unknown) =>
        this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      )
      .finally(() => {
        if (this.active.get(job.id) === following) this.active.delete(job.id);
        this.changes.workArrived();
      });
    this.active.set(job.id, following);
  }
}
