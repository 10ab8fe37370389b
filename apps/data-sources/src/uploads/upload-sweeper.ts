import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { PartialFiles } from './partial-files.js';
import { UploadsRepository } from './uploads.repository.js';

/** How late an upload that has expired may go. */
const SWEEP_MS = 60_000;
/** No writer of a blob pauses for so long. */
const ABANDONED_MS = 24 * 3_600_000;

/** Takes away open uploads whose time is over, files that no open upload has any more, and unfinished blobs of writers that are gone. */
@Injectable()
export class UploadSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(UploadSweeper.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly uploads: UploadsRepository,
    private readonly files: PartialFiles,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.work(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async work(signal: AbortSignal): Promise<void> {
    const intervalMs = Math.min(SWEEP_MS, this.config.UPLOAD_EXPIRY_SECONDS * 1000);
    while (!signal.aborted) {
      try {
        await this.sweep();
      } catch (error) {
        this.logger.warn(`cannot take expired uploads away: ${String(error)}`);
      }
      // Ends at once, throwing, when the service stops.
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async sweep(): Promise<void> {
    await this.blobs.removeAbandoned(ABANDONED_MS);
    await this.uploads.deleteExpired();
    // Listed first: the row of an upload is there before its files are.
    const ids = await this.files.list();
    if (ids.length === 0) return;
    const open = await this.uploads.findOpen(ids);
    for (const id of ids) if (!open.has(id)) await this.files.remove(id);
  }
}
