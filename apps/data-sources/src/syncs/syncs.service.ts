import { Injectable } from '@nestjs/common';
import { DomainError } from '@aimass/platform-errors';
import { freeKey, onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { SyncNews } from './sync-news.js';
import { Sync } from './sync.entity.js';
import type { SyncRequest } from './sync.entity.js';
import { syncFinished, syncNotFound } from './syncs.errors.js';
import { SyncsRepository } from './syncs.repository.js';
import type { SourceFailures } from './syncs.repository.js';

/** A sync that ends in another process is noticed by looking. */
const POLL_MS = 500;

/** Takes orders for syncs, finds them again, waits for them and cancels them. The worker runs them. */
@Injectable()
export class SyncsService {
  constructor(
    private readonly syncs: SyncsRepository,
    private readonly news: SyncNews,
  ) {}

  /**
   * Orders a sync and returns its id. A repeat with the same idempotency key and `payload` returns the id that the first
   * got, until that has failed or was cancelled: then the key is free again.
   */
  async request(request: SyncRequest, payload: unknown): Promise<string> {
    const { organizationId, operation = '', requestId = '' } = request;
    const id = await this.syncs.transaction((tx) =>
      onceOnly(tx, { organizationId, requestId, name: operation, payload }, () => this.insert(tx, request)),
    );
    this.news.workArrived();
    return id;
  }

  /** As request, within a transaction, without a key. Call `wake` when it has committed. */
  async insert(tx: EntityManager, request: SyncRequest): Promise<string> {
    const sync = Sync.create(request);
    await this.syncs.insert(tx, sync);
    return sync.id;
  }

  /** The source's sync that has not ended, seen within the transaction; null for none. */
  findOpenBySource(tx: EntityManager, sourceId: string): Promise<Sync | null> {
    return this.syncs.findOpenBySource(tx, sourceId);
  }

  /** Of those sources whose newest syncs have failed, in no order. */
  listFailures(sourceIds: readonly string[], tx?: EntityManager): Promise<SourceFailures[]> {
    return this.syncs.listFailures(sourceIds, tx);
  }

  /** Ends the source's sync that has not ended, if there is one. */
  async cancelOpen(organizationId: string, sourceId: string): Promise<void> {
    const open = await this.syncs.transaction((tx) => this.syncs.findOpenBySource(tx, sourceId));
    if (!open) return;
    await this.cancel(organizationId, open.id).catch((error: unknown) => {
      // It ended by itself before it could be ended.
      if (!(error instanceof DomainError && error.code === 'data_sources.sync_finished')) throw error;
    });
  }

  /** Says that there may be new syncs. */
  wake(): void {
    this.news.workArrived();
  }

  async get(organizationId: string, id: string): Promise<Sync> {
    const sync = await this.syncs.find(organizationId, id);
    if (!sync) throw syncNotFound(id);
    return sync;
  }

  /** Oldest first; of one source when one is given. */
  list(organizationId: string, sourceId: string, page: PageRequest): Promise<Page<Sync>> {
    return this.syncs.list(organizationId, sourceId, pageBounds(page));
  }

  /** Ends a sync that has not ended. Throws `conflict` (`sync_finished`) for one that has. */
  async cancel(organizationId: string, id: string): Promise<Sync> {
    const sync = await this.syncs.transaction(async (tx) => {
      const held = await this.syncs.hold(tx, organizationId, id);
      if (!held) throw syncNotFound(id);
      if (held.isFinished) throw syncFinished(id, held.state);
      held.cancel();
      await this.syncs.save(tx, held);
      await freeKey(tx, { organizationId, requestId: held.requestId, name: held.operation }, id);
      return held;
    });
    this.news.ended(id);
    return sync;
  }

  /** The sync as it is, then again on every change, up to its end. Throws `not_found` at once. */
  async *watch(organizationId: string, id: string): AsyncGenerator<Sync> {
    for (let seen = ''; ;) {
      // Listening starts before looking, so that no end falls between the two.
      const end = this.news.nextEnd(id, POLL_MS);
      const sync = await this.get(organizationId, id);
      const state = [sync.state, sync.fetchedBytes, sync.importedRows, sync.attempts].join();
      if (state !== seen) yield sync;
      if (sync.isFinished) return;
      seen = state;
      await end;
    }
  }

  /** The sync when it has ended, or as it is after `timeoutMs`. */
  async wait(organizationId: string, id: string, timeoutMs: number): Promise<Sync> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      // Listening starts before looking, so that no end falls between the two.
      const left = Math.max(0, until - Date.now());
      const end = this.news.nextEnd(id, Math.min(POLL_MS, left));
      const sync = await this.get(organizationId, id);
      if (sync.isFinished || left === 0) return sync;
      await end;
    }
  }
}
