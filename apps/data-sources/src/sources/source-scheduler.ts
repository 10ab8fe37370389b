import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { SyncsService } from '../syncs/syncs.service.js';
import { syncRequestOf } from './source-origin.js';
import { nextSyncAfterFailures } from './source-schedule.js';
import { SourcesRepository } from './sources.repository.js';

/** How late a sync may start. */
const POLL_MS = 1_000;

/**
 * Orders a sync of every source whose turn has come, and puts down when its next turn is, in one transaction that holds
 * the source: of several services one does it. Turns that were missed while nothing ran count as one. A source that is
 * being read, or has failed of late, leaves turns out.
 */
@Injectable()
export class SourceScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SourceScheduler.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly sources: SourcesRepository,
    private readonly syncs: SyncsService,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.work(this.stopping.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.takeTurns();
      } catch (error) {
        this.logger.warn(`cannot look for sources that are due: ${String(error)}`);
      }
      // Ends at once, throwing, when the service stops.
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async takeTurns(): Promise<void> {
    while (await this.takeTurn()) if (this.stopping.signal.aborted) return;
  }

  /** False when no source is due. */
  private async takeTurn(): Promise<boolean> {
    const wasDue = await this.sources.transaction(async (tx) => {
      const due = await this.sources.holdNextDue(tx);
      if (!due) return false;
      const { source, now } = due;
      const [failures] = await this.syncs.listFailures([source.id], tx);
      const next = nextSyncAfterFailures(source.schedule, now, failures?.count ?? 0);
      if (await this.syncs.findOpenBySource(tx, source.id)) source.skipTurn(next);
      else source.startSync(await this.syncs.insert(tx, syncRequestOf(source, 'schedule')), next);
      await this.sources.save(tx, source);
      return true;
    });
    if (wasDue) this.syncs.wake();
    return wasDue;
  }
}
