import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Ratios } from './split-plan.js';
import { Split } from './split.entity.js';

/** All SQL of splits. */
@Injectable()
export class SplitsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Null when the organization has none such. */
  find(organizationId: string, id: string): Promise<Split | null> {
    return this.dataSource.manager.findOneBy(Split, { organizationId, id });
  }

  /** The version's split of these ratios and seed. */
  findSame(datasetVersionId: string, ratios: Ratios, seed: string): Promise<Split | null> {
    const { train, validation, test } = ratios;
    return this.dataSource.manager.findOneBy(Split, {
      datasetVersionId,
      strategy: 'random',
      train,
      validation,
      test,
      seed,
    });
  }

  /** Adds a split, unless the same one is there. Returns the id of the one that is there afterwards. */
  async insertOrFind(tx: EntityManager, split: Split): Promise<string> {
    await tx.createQueryBuilder().insert().into(Split).values(split).orIgnore().execute();
    const { datasetVersionId, strategy, train, validation, test, seed } = split;
    const same = { datasetVersionId, strategy, train, validation, test, seed };
    const { id } = await tx.findOneByOrFail(Split, same);
    return id;
  }

  async list(datasetVersionId: string, bounds: PageBounds): Promise<Page<Split>> {
    const rows = await this.dataSource.manager.find(Split, {
      where: { datasetVersionId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}
