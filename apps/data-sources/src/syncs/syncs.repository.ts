import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Sync } from './sync.entity.js';
import type { SyncFailure } from './sync.entity.js';

/** That the newest syncs of a source have failed. */
export interface SourceFailures {
  readonly sourceId: string;
  /** One at least. */
  readonly count: number;
  readonly lastError: SyncFailure;
}

/** The right to say how a sync goes on: a service, and the attempt it speaks of. */
export interface SyncLease {
  readonly syncId: string;
  readonly owner: string;
  readonly attempt: number;
}

/** How far an attempt is. */
export interface SyncProgress {
  readonly fetchedBytes: number;
  readonly importedRows: number;
}

/**
 * All SQL of syncs. Every statement of a worker names its lease, so that one that has lost it changes nothing; leases
 * run by the database's clock.
 */
@Injectable()
export class SyncsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async insert(tx: EntityManager, sync: Sync): Promise<void> {
    await tx.insert(Sync, sync);
  }

  /** Null when the organization has none such. */
  find(organizationId: string, id: string): Promise<Sync | null> {
    return this.dataSource.manager.findOneBy(Sync, { organizationId, id });
  }

  /** As find, held until the transaction ends. */
  hold(tx: EntityManager, organizationId: string, id: string): Promise<Sync | null> {
    return tx.findOne(Sync, { where: { organizationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** The source's sync that has not ended, seen within the transaction. */
  async findOpenBySource(tx: EntityManager, sourceId: string): Promise<Sync | null> {
    return tx
      .createQueryBuilder(Sync, 'sync')
      .where(`sync.source_id = :sourceId AND sync.state IN ('queued', 'fetching', 'importing')`, { sourceId })
      .getOne();
  }

  /** Of those sources whose newest syncs have failed: how many since one ended well, and why the last one did. */
  async listFailures(sourceIds: readonly string[], tx?: EntityManager): Promise<SourceFailures[]> {
    return (tx ?? this.dataSource).query(
      `SELECT source_id AS "sourceId", count(*)::int AS count, (array_agg(error ORDER BY id DESC))[1] AS "lastError"
       FROM sync WHERE source_id = ANY ($1) AND state = 'failed' AND id > coalesce(
         (SELECT max(good.id) FROM sync good
          WHERE good.source_id = sync.source_id AND good.state IN ('succeeded', 'unchanged')), '')
       GROUP BY source_id`,
      [sourceIds],
    );
  }

  /** The organization's syncs; of one source when one is given. */
  async list(organizationId: string, sourceId: string, bounds: PageBounds): Promise<Page<Sync>> {
    const rows = await this.dataSource.manager.find(Sync, {
      where: { organizationId, id: MoreThan(bounds.afterId), ...(sourceId === '' ? {} : { sourceId }) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  async save(tx: EntityManager, sync: Sync): Promise<void> {
    await tx.save(sync);
  }

  /** Begins the oldest sync that waits or whose lease has run out, if there is one that nobody else takes now. */
  claimNext(owner: string, leaseSeconds: number): Promise<Sync | null> {
    return this.dataSource.transaction(async (tx) => {
      const sync = await tx
        .createQueryBuilder(Sync, 'sync')
        .where(
          `sync.state = 'queued' OR (sync.state IN ('fetching', 'importing') AND sync.lease_until < now())`,
        )
        .orderBy('sync.id', 'ASC')
        .setLock('pessimistic_write')
        .setOnLocked('skip_locked')
        .limit(1)
        .getOne();
      if (!sync) return null;
      sync.begin(owner);
      await tx.save(sync);
      await tx.query(`UPDATE sync SET lease_until = now() + $2 * interval '1 second' WHERE id = $1`, [
        sync.id,
        leaseSeconds,
      ]);
      return sync;
    });
  }

  /** Ends the leases of a process that is gone, so that its syncs are taken up at once. */
  async expireLeases(owner: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE sync SET lease_until = now() - interval '1 second' WHERE lease_owner = $1 AND state IN ('fetching', 'importing')`,
      [owner],
    );
  }

  /** Prolongs a lease and tells how far the attempt is. False when the lease is lost or the sync was cancelled. */
  async renew(lease: SyncLease, progress: SyncProgress, leaseSeconds: number): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE sync SET lease_until = now() + $4 * interval '1 second',
           fetched_bytes = $5, imported_rows = $6
         WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND state IN ('fetching', 'importing')
         RETURNING 1
       ) SELECT * FROM renewed`,
      [lease.syncId, lease.owner, lease.attempt, leaseSeconds, progress.fetchedBytes, progress.importedRows],
    );
    return rows.length > 0;
  }

  /** The sync, held until the transaction ends; null when the lease is lost or the sync has ended. */
  async holdLeased(tx: EntityManager, lease: SyncLease): Promise<Sync | null> {
    const sync = await tx.findOne(Sync, {
      where: { id: lease.syncId },
      lock: { mode: 'pessimistic_write' },
    });
    return sync?.isHeldBy(lease.owner, lease.attempt) === true ? sync : null;
  }
}
