import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { StoredSpreads } from '../quality/inspect-table.js';
import type { Recipe } from '../recipes/recipe.js';
import { DatasetVersion } from './dataset-version.entity.js';
import { Dataset } from './dataset.entity.js';

/** All SQL of datasets and versions. */
@Injectable()
export class DatasetsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** By id or name; null when the organization has none such. */
  find(organizationId: string, dataset: string): Promise<Dataset | null> {
    return this.dataSource.manager.findOne(Dataset, {
      where: [
        { organizationId, id: dataset },
        { organizationId, name: dataset },
      ],
    });
  }

  /** Adds a dataset; false, changing nothing, when the name is taken. Waits for another that is taking it now. */
  async insert(tx: EntityManager, dataset: Dataset): Promise<boolean> {
    const { id, organizationId, name, latestVersion, createdAt } = dataset;
    const inserted: unknown[] = await tx.query(
      `INSERT INTO dataset (id, organization_id, name, latest_version, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (organization_id, name) DO NOTHING RETURNING 1`,
      [id, organizationId, name, latestVersion, createdAt],
    );
    return inserted.length > 0;
  }

  /** The dataset, held until the transaction ends; null when there is none. */
  holdByName(tx: EntityManager, organizationId: string, name: string): Promise<Dataset | null> {
    return tx.findOne(Dataset, { where: { organizationId, name }, lock: { mode: 'pessimistic_write' } });
  }

  async save(tx: EntityManager, dataset: Dataset): Promise<void> {
    await tx.save(dataset);
  }

  async insertVersion(tx: EntityManager, version: DatasetVersion): Promise<void> {
    await tx.insert(DatasetVersion, version);
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Dataset>> {
    const rows = await this.dataSource.manager.find(Dataset, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  findVersionById(organizationId: string, id: string): Promise<DatasetVersion | null> {
    return this.dataSource.manager.findOneBy(DatasetVersion, { organizationId, id });
  }

  findVersionByNumber(datasetId: string, number: number): Promise<DatasetVersion | null> {
    return this.dataSource.manager.findOneBy(DatasetVersion, { datasetId, number });
  }

  /** Versions that were derived from a version, oldest first. */
  listDerived(organizationId: string, parentVersionId: string, limit: number): Promise<DatasetVersion[]> {
    return this.dataSource.manager
      .createQueryBuilder(DatasetVersion, 'version')
      .where({ organizationId })
      .andWhere(`version.lineage ->> 'parentVersionId' = :parentVersionId`, { parentVersionId })
      .orderBy('version.id')
      .limit(limit)
      .getMany();
  }

  /** How the values of a version are spread; null when that was not measured. */
  async findSpreads(versionId: string): Promise<StoredSpreads | null> {
    const version = await this.dataSource.manager.findOne(DatasetVersion, {
      where: { id: versionId },
      select: { id: true, histograms: true },
    });
    return version?.histograms ?? null;
  }

  /** The newest version made of these bytes by this recipe. */
  findVersionByFetch(
    datasetId: string,
    fetchedSha256: string,
    recipe: Recipe,
  ): Promise<DatasetVersion | null> {
    return this.dataSource.manager
      .createQueryBuilder(DatasetVersion, 'version')
      .where('version.dataset_id = :datasetId AND version.fetched_sha256 = :fetchedSha256')
      .andWhere('version.recipe = CAST(:recipe AS jsonb)')
      .setParameters({ datasetId, fetchedSha256, recipe: JSON.stringify(recipe) })
      .orderBy('version.number', 'DESC')
      .limit(1)
      .getOne();
  }

  /** The version with this content, seen within the transaction. */
  findVersionByContent(
    tx: EntityManager,
    datasetId: string,
    manifestDigest: string,
  ): Promise<DatasetVersion | null> {
    return tx.findOneBy(DatasetVersion, { datasetId, manifestDigest });
  }

  async listVersions(datasetId: string, bounds: PageBounds): Promise<Page<DatasetVersion>> {
    const rows = await this.dataSource.manager.find(DatasetVersion, {
      where: { datasetId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}
