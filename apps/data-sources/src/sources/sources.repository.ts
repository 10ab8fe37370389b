import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, IsNull, MoreThan, Raw } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Source } from './source.entity.js';
import type { LastFetch } from './source.entity.js';

/** A source whose turn has come, and what the database takes for now. */
export interface DueSource {
  readonly source: Source;
  readonly now: Date;
}

/** A source as somebody has read it. */
export type SourceState = Pick<Source, 'id' | 'revision'>;

/** All SQL of sources. */
@Injectable()
export class SourcesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Adds a source; false, changing nothing, when the name is taken. Waits for another that is taking it now. */
  async insert(tx: EntityManager, source: Source): Promise<boolean> {
    const result = await tx
      .createQueryBuilder()
      .insert()
      .into(Source)
      .values(source)
      .orIgnore()
      .returning('id')
      .execute();
    return (result.raw as unknown[]).length > 0;
  }

  /** By id or name; null when the organization has none such. */
  find(organizationId: string, source: string): Promise<Source | null> {
    return this.dataSource.manager.findOne(Source, {
      where: [
        { organizationId, id: source, deletedAt: IsNull() },
        { organizationId, name: source, deletedAt: IsNull() },
      ],
    });
  }

  /** Also one that was deleted, for a sync that was asked for before. */
  findById(id: string): Promise<Source | null> {
    return this.dataSource.manager.findOneBy(Source, { id });
  }

  /** The source, held until the transaction ends; null when it is gone. */
  hold(tx: EntityManager, id: string): Promise<Source | null> {
    return tx.findOne(Source, { where: { id, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } });
  }

  async save(tx: EntityManager, source: Source): Promise<void> {
    await tx.save(source);
  }

  /** The source that has been due for the longest, held until the transaction ends, unless another holds it; null for none. */
  async holdNextDue(tx: EntityManager): Promise<DueSource | null> {
    const source = await tx
      .createQueryBuilder(Source, 'source')
      .where('source.deleted_at IS NULL AND source.next_sync_at <= now()')
      .orderBy('source.next_sync_at', 'ASC')
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .limit(1)
      .getOne();
    if (!source) return null;
    const [clock]: { now: Date }[] = await tx.query('SELECT now()');
    return { source, now: clock?.now ?? new Date() };
  }

  /** Remembers what a sync fetched, unless the source has been changed since it was read. */
  async remember({ id, revision }: SourceState, fetched: LastFetch): Promise<void> {
    await this.dataSource.manager.update(Source, { id, revision, deletedAt: IsNull() }, { fetched });
  }

  /** Sources whose credentials were not encrypted with this key, in ascending order of id. */
  async listEncryptedOtherwise(keyId: string, afterId: string, size: number): Promise<Source[]> {
    return this.dataSource.manager.find(Source, {
      where: {
        id: MoreThan(afterId),
        credentials: Raw((column) => `split_part(${column}, '.', 2) <> :keyId`, { keyId }),
      },
      order: { id: 'ASC' },
      take: size,
    });
  }

  /** Replaces the credentials by the same ones in another form; false when they have changed meanwhile. */
  async replaceCredentials({ id, credentials }: Source, resealed: string): Promise<boolean> {
    const { affected } = await this.dataSource.manager.update(
      Source,
      { id, credentials: credentials ?? IsNull() },
      { credentials: resealed },
    );
    return affected === 1;
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Source>> {
    const rows = await this.dataSource.manager.find(Source, {
      where: { organizationId, id: MoreThan(bounds.afterId), deletedAt: IsNull() },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}
