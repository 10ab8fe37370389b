import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { DatasetVersion } from './dataset-version.entity.js';
import { Dataset } from './dataset.entity.js';

/** All SQL of datasets and versions. */
@Injectable()
export class DatasetsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

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

  /** The dataset, held until the transaction ends. */
  holdById(tx: EntityManager, id: string): Promise<Dataset> {
    return tx.findOneOrFail(Dataset, { where: { id }, lock: { mode: 'pessimistic_write' } });
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

  /** The version imported from an upload of this digest. */
  findVersionByUpload(datasetId: string, uploadSha256: string): Promise<DatasetVersion | null> {
    return this.dataSource.manager.findOneBy(DatasetVersion, { datasetId, uploadSha256 });
  }

  /** The version with this snapshot, seen within the transaction. */
  findVersionBySnapshot(
    tx: EntityManager,
    datasetId: string,
    sha256: string,
  ): Promise<DatasetVersion | null> {
    return tx.findOneBy(DatasetVersion, { datasetId, sha256 });
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
