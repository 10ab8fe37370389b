import { Injectable } from '@nestjs/common';
import { pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EarlierVersion } from '../quality/checks/drift.js';
import type { StoredSpreads } from '../quality/inspect-table.js';
import type { Recipe } from '../recipes/recipe.js';
import { TableEngine } from '../tables/table-engine.js';
import type { PreviewWindow } from '../tables/table-preview.js';
import type { TablePreview } from '../tables/table.js';
import type { DatasetVersion } from './dataset-version.entity.js';
import type { Dataset } from './dataset.entity.js';
import { datasetNotFound, datasetVersionNotFound, previewLimitInvalid } from './datasets.errors.js';
import { DatasetsRepository } from './datasets.repository.js';

const DEFAULT_PREVIEW = 20;
const MAX_PREVIEW = 1000;

/** Finds datasets and their versions. */
@Injectable()
export class DatasetsService {
  constructor(
    private readonly datasets: DatasetsRepository,
    private readonly tables: TableEngine,
  ) {}

  /** As get; null instead of an error. */
  find(organizationId: string, datasetRef: string): Promise<Dataset | null> {
    return this.datasets.find(organizationId, datasetRef);
  }

  /** The newest version made of these bytes by this recipe, or null. */
  findVersionByFetch(
    datasetId: string,
    fetchedSha256: string,
    recipe: Recipe,
  ): Promise<DatasetVersion | null> {
    return this.datasets.findVersionByFetch(datasetId, fetchedSha256, recipe);
  }

  /** The newest version of a dataset, as the quality of the next one is held against it; undefined for none. */
  async findEarlier({ id, latestVersion }: Dataset): Promise<EarlierVersion | undefined> {
    const version = await this.datasets.findVersionByNumber(id, latestVersion);
    if (!version) return undefined;
    const spreads = await this.datasets.findSpreads(version.id);
    return {
      number: version.number,
      columns: version.columns.map(({ name, kind }) => ({ name, kind })),
      references: spreads?.references ?? [],
    };
  }

  /** Versions that were derived from a version, oldest first. */
  listDerived(organizationId: string, parentVersionId: string, limit: number): Promise<DatasetVersion[]> {
    return this.datasets.listDerived(organizationId, parentVersionId, limit);
  }

  /** How the values of a version are spread; null when that was not measured. */
  findSpreads(versionId: string): Promise<StoredSpreads | null> {
    return this.datasets.findSpreads(versionId);
  }

  async get(organizationId: string, datasetRef: string): Promise<Dataset> {
    const dataset = await this.datasets.find(organizationId, datasetRef);
    if (!dataset) throw datasetNotFound(datasetRef);
    return dataset;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Dataset>> {
    return this.datasets.list(organizationId, pageBounds(page));
  }

  async getVersion(organizationId: string, datasetRef: string, number: number): Promise<DatasetVersion> {
    const dataset = await this.get(organizationId, datasetRef);
    const version =
      number > dataset.latestVersion ? null : await this.datasets.findVersionByNumber(dataset.id, number);
    if (!version) throw datasetVersionNotFound(datasetRef, String(number));
    return version;
  }

  async getVersionById(organizationId: string, id: string): Promise<DatasetVersion> {
    const version = await this.datasets.findVersionById(organizationId, id);
    if (!version) throw datasetVersionNotFound('', id);
    return version;
  }

  async listVersions(
    organizationId: string,
    datasetRef: string,
    page: PageRequest,
  ): Promise<Page<DatasetVersion>> {
    const dataset = await this.get(organizationId, datasetRef);
    return this.datasets.listVersions(dataset.id, pageBounds(page));
  }

  /** Some rows of a version; `limit` 0 means 20. */
  async preview(
    organizationId: string,
    datasetRef: string,
    number: number,
    window: PreviewWindow,
  ): Promise<TablePreview> {
    if (window.limit > MAX_PREVIEW) throw previewLimitInvalid();
    const version = await this.getVersion(organizationId, datasetRef, number);
    // Also keeps an absurd offset from DuckDB, which counts in 64 bits.
    const offset = Math.min(window.offset, Number(version.rowCount));
    return this.tables.preview(version.sha256, { offset, limit: window.limit || DEFAULT_PREVIEW });
  }
}
