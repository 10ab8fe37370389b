import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { NATS } from '@aimass/platform-messaging';
import { CONFIG } from '@aimass/platform-service';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Config } from '../config.js';
import { RevisionsService } from '../revisions/revisions.service.js';
import { whileSeated } from './publisher-seat.repository.js';
import { SnapshotBucket } from './snapshot-bucket.js';
import { SnapshotsService } from './snapshots.service.js';

/** Organizations taken up at a time. */
const BATCH = 100;
/** Snapshots compiled and put at a time. */
const CONCURRENCY = 4;
/** Looks for changes at least this often, whatever became of the notifications; also the pause after a failure. */
const POLL_MS = 1_000;

/**
 * Brings every changed snapshot into the KV bucket. It is woken by the commit of a change, compiles the organization's
 * snapshot, puts it, and only then marks the revision published: what failed is done again until it worked. From time
 * to time it compares the whole bucket with the database, and publishes again what a wiped or restored bucket lacks.
 */
@Injectable()
export class SnapshotsPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SnapshotsPublisher.name);
  private readonly bucket: SnapshotBucket;
  private running: Promise<void> | undefined;
  private isStopping = false;
  private isWoken = false;
  private endPause: () => void = () => undefined;
  private checkAt = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Readonly<Config>,
    @Inject(NATS) nats: NatsConnection,
    private readonly revisions: RevisionsService,
    private readonly snapshots: SnapshotsService,
  ) {
    this.bucket = new SnapshotBucket(nats);
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      await this.publishWhileSeated().catch((error: unknown) => {
        if (!this.isStopping) this.logger.warn(`publishing snapshots starts again: ${String(error)}`);
      });
      this.checkAt = 0;
      // A wake that came with the failure must not turn the retries into a spin.
      this.isWoken = false;
      await this.pause(POLL_MS);
    }
  }

  private publishWhileSeated(): Promise<void> {
    return whileSeated(
      this.config.DATABASE_URL,
      () => this.wake(),
      async (isHeld) => {
        while (!this.isStopping && isHeld()) await this.publishRound();
      },
    );
  }

  private async publishRound(): Promise<void> {
    this.isWoken = false;
    if (Date.now() >= this.checkAt) {
      await this.healBucket();
      this.checkAt = Date.now() + this.config.SNAPSHOT_CHECK_MS;
    }
    const changed = await this.revisions.listUnpublished(BATCH);
    const failures = await this.forEach(changed, (organizationId) => this.publish(organizationId));
    if (failures > 0) {
      // Whatever happened to the bucket may have happened to all of it.
      this.checkAt = 0;
      this.isWoken = false;
    }
    if (failures > 0 || changed.length < BATCH)
      await this.pause(Math.min(POLL_MS, this.config.SNAPSHOT_CHECK_MS));
  }

  private async publish(organizationId: string): Promise<void> {
    const snapshot = await this.snapshots.compile(organizationId);
    await this.bucket.put(snapshot);
    await this.revisions.markPublished(organizationId, snapshot.revision);
  }

  /** Takes note of every snapshot that the bucket holds in another revision than the database believes. */
  private async healBucket(): Promise<void> {
    let last = '';
    for (;;) {
      const rows = await this.revisions.list(last, BATCH);
      const failures = await this.forEach(rows, async ({ organizationId, publishedRevision }) => {
        const held = await this.bucket.revisionOf(organizationId);
        if (held !== publishedRevision) await this.revisions.reconcile(organizationId, held);
      });
      if (failures > 0) throw new Error('the routing bucket cannot be read');
      last = rows.at(-1)?.organizationId ?? last;
      if (rows.length < BATCH || this.isStopping) return;
    }
  }

  /** Works through the items a few at a time; one that fails does not hold up the others. Returns how many failed. */
  private async forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<number> {
    const queue = [...items];
    let failures = 0;
    const worker = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined && !this.isStopping; item = queue.shift()) {
        await work(item).catch((error: unknown) => {
          failures += 1;
          if (failures === 1)
            this.logger.warn(`a snapshot is not published, and will be tried again: ${String(error)}`);
        });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return failures;
  }

  private wake(): void {
    this.isWoken = true;
    this.endPause();
  }

  /** Waits; a wake that came since the round began ends it at once, so that none is lost. */
  private pause(ms: number): Promise<void> {
    if (this.isWoken || this.isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
