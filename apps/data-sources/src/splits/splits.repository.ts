import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Split } from './split.entity.js';
import type { SplitKey } from './split.entity.js';

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

  /** The version's split that was chosen so. */
  findSame(datasetVersionId: string, key: SplitKey): Promise<Split | null> {
    return sameSplit(this.dataSource.manager, datasetVersionId, key).getOne();
  }

  /** Adds a split, unless the same one is there. Returns the id of the one that is there afterwards. */
  async insertOrFind(tx: EntityManager, split: Split): Promise<string> {
    await tx.createQueryBuilder().insert().into(Split).values(split).orIgnore().execute();
    return (await sameSplit(tx, split.datasetVersionId, split).getOneOrFail()).id;
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

function sameSplit(manager: EntityManager, datasetVersionId: string, key: SplitKey) {
  const { strategy, columnName, train, validation, test, seed, cuts } = key;
  return manager
    .createQueryBuilder(Split, 'split')
    .where({ datasetVersionId, strategy, columnName, train, validation, test, seed })
    .andWhere('split.cuts = CAST(:cuts AS jsonb)', { cuts: JSON.stringify(cuts) });
}
