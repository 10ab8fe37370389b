import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, IsNull, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Source } from './source.entity.js';

/** All SQL of sources. */
@Injectable()
export class SourcesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Adds a source; false, changing nothing, when the name is taken. Waits for another that is taking it now. */
  async insert(tx: EntityManager, source: Source): Promise<boolean> {
    const result = await tx.createQueryBuilder().insert().into(Source).values(source).orIgnore().execute();
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

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Source>> {
    const rows = await this.dataSource.manager.find(Source, {
      where: { organizationId, id: MoreThan(bounds.afterId), deletedAt: IsNull() },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}
