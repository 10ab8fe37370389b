import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { leaseOwner } from './lease-owner.js';
import { SyncNews } from './sync-news.js';
import { SyncRunner } from './sync-runner.js';
import { SyncsRepository } from './syncs.repository.js';

/** Work that this process does not hear of is found by looking. */
const POLL_MS = 1_000;

/**
 * Takes syncs as long as there is room: those that wait, and those whose service was killed. At start the ones that this
 * home's last process held go first. When the service stops it gives back what it has not finished.
 */
@Injectable()
export class SyncWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SyncWorker.name);
  private readonly stopping = new AbortController();
  private readonly active = new Set<Promise<void>>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly syncs: SyncsRepository,
    private readonly runner: SyncRunner,
    private readonly news: SyncNews,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    setMaxListeners(0, this.stopping.signal);
    const owner = await leaseOwner(this.config.HOME_DIR);
    await this.syncs.expireLeases(owner);
    this.running = this.work(owner);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.active);
  }

  private async work(owner: string): Promise<void> {
    while (!this.stopping.signal.aborted) {
      // Listening starts before looking, so that no sync falls between the two.
      const work = this.news.nextWork(POLL_MS, this.stopping.signal);
      try {
        await this.fill(owner);
      } catch (error) {
        this.logger.warn(`cannot look for work: ${String(error)}`);
      }
      await work;
    }
  }

  private async fill(owner: string): Promise<void> {
    while (this.active.size < this.config.SYNC_PARALLEL && !this.stopping.signal.aborted) {
      const sync = await this.syncs.claimNext(owner, this.config.SYNC_LEASE_SECONDS);
      if (!sync) return;
      this.logger.log(`${sync.id}: attempt ${sync.attempts}`);
      const running = this.runner
        .run(sync, owner, this.stopping.signal)
        // The lease runs out, and the sync is taken up again.
        .catch((error: unknown) => this.logger.error(error))
        .finally(() => {
          this.active.delete(running);
          this.news.workArrived();
        });
      this.active.add(running);
    }
  }
}
