import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { SyncNews } from './sync-news.js';
import { SyncPulse } from './sync-pulse.js';
import type { SyncLease, SyncProgress } from './syncs.repository.js';
import { SyncsRepository } from './syncs.repository.js';

/** Starts the pulses of attempts. */
@Injectable()
export class SyncPulses {
  constructor(
    private readonly syncs: SyncsRepository,
    private readonly news: SyncNews,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** Keeps the lease from now on; `progress` is read at every beat. */
  start(lease: SyncLease, progress: SyncProgress, stopping: AbortSignal): SyncPulse {
    const { syncs, news } = this;
    const leaseSeconds = this.config.SYNC_LEASE_SECONDS;
    return new SyncPulse({ syncs, news, lease, leaseSeconds, progress, stopping });
  }
}
