import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { freeKey } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import type { DatasetVersion, DatasetVersionContent } from '../datasets/dataset-version.entity.js';
import { VersionWriter } from '../datasets/version-writer.js';
import { SyncNews } from './sync-news.js';
import { LeaseLost } from './sync-pulse.js';
import type { Sync } from './sync.entity.js';
import type { SyncLease } from './syncs.repository.js';
import { SyncsRepository } from './syncs.repository.js';

/**
 * Ends attempts at syncs. Each way out is one transaction, which holds the sync and looks at the lease first: a version
 * and the end of its sync exist together or not at all, and whoever has lost the lease changes nothing.
 */
@Injectable()
export class SyncFinisher {
  constructor(
    private readonly syncs: SyncsRepository,
    private readonly versions: VersionWriter,
    private readonly news: SyncNews,
  ) {}

  /** The bytes are there. Throws LeaseLost. */
  async startImport(lease: SyncLease, fetchedSha256: string): Promise<void> {
    await this.change(lease, (_, sync) => {
      sync.startImport(fetchedSha256);
      return Promise.resolve();
    });
  }

  /** Adds the version, unless the dataset has one of the same content. Throws LeaseLost, `conflict`, `not_found`. */
  async succeed(lease: SyncLease, content: DatasetVersionContent): Promise<void> {
    await this.end(lease, async (tx, sync) => {
      const { version, isUnchanged } = await this.versions.write(tx, sync, content);
      const outcome = { datasetId: version.datasetId, versionId: version.id };
      if (isUnchanged) sync.findUnchanged(outcome);
      else sync.succeed(outcome);
      await emitSucceeded(tx, sync, isUnchanged);
    });
  }

  /** The dataset's version holds what was fetched already. Throws LeaseLost. */
  async findUnchanged(lease: SyncLease, version: DatasetVersion): Promise<void> {
    await this.end(lease, async (tx, sync) => {
      sync.findUnchanged({ datasetId: version.datasetId, versionId: version.id });
      await emitSucceeded(tx, sync, true);
    });
  }

  /** Nothing came of it. Throws LeaseLost. */
  async fail(lease: SyncLease, cause: unknown): Promise<void> {
    await this.end(lease, async (tx, sync) => {
      sync.fail(cause);
      const { organizationId, operation, requestId } = sync;
      await freeKey(tx, { organizationId, requestId, name: operation }, sync.id);
      await emit(tx, 'data_sources.v1.sync.failed', sync.id, {
        organizationId,
        syncId: sync.id,
        sourceId: sync.sourceId ?? '',
        datasetName: sync.datasetName,
        code: sync.error?.code ?? '',
        message: sync.error?.message ?? '',
      });
    });
  }

  /** The service stops: another one, or the next, takes it up. Throws LeaseLost. */
  async giveBack(lease: SyncLease): Promise<void> {
    await this.change(lease, (_, sync) => {
      sync.giveBack();
      return Promise.resolve();
    });
  }

  private async end(
    lease: SyncLease,
    change: (tx: EntityManager, sync: Sync) => Promise<void>,
  ): Promise<void> {
    await this.change(lease, change);
    this.news.ended(lease.syncId);
  }

  private change(lease: SyncLease, change: (tx: EntityManager, sync: Sync) => Promise<void>): Promise<void> {
    return this.syncs.transaction(async (tx) => {
      const sync = await this.syncs.holdLeased(tx, lease);
      if (!sync) throw new LeaseLost();
      await change(tx, sync);
      await this.syncs.save(tx, sync);
    });
  }
}

async function emitSucceeded(tx: EntityManager, sync: Sync, isUnchanged: boolean): Promise<void> {
  await emit(tx, 'data_sources.v1.sync.succeeded', sync.id, {
    organizationId: sync.organizationId,
    syncId: sync.id,
    sourceId: sync.sourceId ?? '',
    datasetId: sync.datasetId ?? '',
    datasetVersionId: sync.datasetVersionId ?? '',
    isUnchanged,
  });
}
