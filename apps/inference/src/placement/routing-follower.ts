import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KV_BUCKETS } from '@aimass/contracts';
import type { routing } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { NatsLink } from '../nats/nats-link.js';
import { PlacementService } from './placement.service.js';
import { SnapshotCache } from './snapshot-cache.js';
import { snapshotCodec } from './snapshot-set.js';

/** Feeds placement from the KV bucket, and from disk until NATS has been heard; keeps the disk copy up to date. */
@Injectable()
export class RoutingFollower implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('placement');
  private readonly stopping = new AbortController();
  private readonly cache: SnapshotCache;
  private writes: Promise<void> = Promise.resolve();
  private isSynced = false;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly nats: NatsLink,
    private readonly placement: PlacementService,
  ) {
    this.cache = new SnapshotCache(config.CACHE_DIR);
  }

  async onModuleInit(): Promise<void> {
    const cached = await this.cache.readAll();
    for (const [organizationId, snapshot] of cached) this.placement.apply(organizationId, snapshot);
    if (cached.size > 0 && !this.isSynced) this.placement.synced(new Set());
    this.follow().catch((error: unknown) => this.logger.error(error));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.writes;
  }

  private async follow(): Promise<void> {
    const bucket = new StateBucket(await this.nats.connection, KV_BUCKETS.routing, snapshotCodec);
    const heard = new Set<string>();
    await bucket.follow(
      this.stopping.signal,
      (organizationId, snapshot) => {
        heard.add(organizationId);
        if (this.placement.apply(organizationId, snapshot)) this.keep(organizationId, snapshot);
      },
      () => this.onSynced(heard),
    );
  }

  /** Every entry that a bucket update completes calls this; only the first completes the state of the start. */
  private onSynced(heard: ReadonlySet<string>): void {
    if (this.isSynced) return;
    this.isSynced = true;
    for (const organizationId of this.placement.synced(heard)) this.keep(organizationId, null);
  }

  private keep(organizationId: string, snapshot: routing.RoutingSnapshot | null): void {
    const write = () =>
      snapshot ? this.cache.write(organizationId, snapshot) : this.cache.remove(organizationId);
    this.writes = this.writes.then(write).catch((error: unknown) => {
      this.logger.warn(`The snapshot of ${organizationId} could not be kept on disk: ${String(error)}`);
    });
  }
}
