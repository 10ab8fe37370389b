import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { TableEngine } from '../tables/table-engine.js';
import type { PreviewWindow } from '../tables/table-preview.js';
import type { TablePreview } from '../tables/table.js';
import type { Upload } from '../uploads/upload.entity.js';
import { UploadsService } from '../uploads/uploads.service.js';
import { DatasetVersion } from './dataset-version.entity.js';
import type { DatasetVersionContent } from './dataset-version.entity.js';
import { Dataset } from './dataset.entity.js';
import {
  datasetExists,
  datasetNotFound,
  datasetVersionNotFound,
  previewLimitInvalid,
} from './datasets.errors.js';
import { DatasetsRepository } from './datasets.repository.js';

/** An upload to import under a name (of a new dataset) or into a dataset (id or name). */
export interface ImportRequest {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  readonly dataset: string;
  readonly uploadId: string;
}

const DEFAULT_PREVIEW = 20;
const MAX_PREVIEW = 1000;

/** Imports uploads as immutable dataset versions and finds those again. */
@Injectable()
export class DatasetsService {
  constructor(
    private readonly datasets: DatasetsRepository,
    private readonly uploads: UploadsService,
    private readonly tables: TableEngine,
  ) {}

  /** Makes a dataset with version 1. A file that is not a clean table leaves nothing behind. */
  async create(request: ImportRequest): Promise<{ dataset: Dataset; version: DatasetVersion }> {
    const { organizationId, requestId, dataset: name } = request;
    const dataset = Dataset.create(organizationId, name);
    const upload = await this.uploads.get(organizationId, request.uploadId);
    // With a key this may be a repeat of the call that took the name: only the transaction can tell.
    if (requestId === '' && (await this.datasets.find(organizationId, name))) throw datasetExists(name);
    const content = await this.importUpload(upload);
    const id = await this.datasets.transaction((tx) =>
      onceOnly(tx, { organizationId, requestId, name: 'CreateDataset', payload: request }, async () => {
        if (!(await this.datasets.insert(tx, dataset))) throw datasetExists(name);
        await this.addVersion(tx, dataset, content);
        return dataset.id;
      }),
    );
    return {
      dataset: await this.get(organizationId, id),
      version: await this.getVersion(organizationId, id, 1),
    };
  }

  /** Makes the next version, or returns the one that has the same content already. */
  async createVersion(request: ImportRequest): Promise<DatasetVersion> {
    const { organizationId, requestId } = request;
    const dataset = await this.get(organizationId, request.dataset);
    const upload = await this.uploads.get(organizationId, request.uploadId);
    const existing = await this.datasets.findVersionByUpload(dataset.id, upload.sha256);
    const content = existing ?? (await this.importUpload(upload));
    const id = await this.datasets.transaction((tx) =>
      onceOnly(
        tx,
        { organizationId, requestId, name: 'CreateDatasetVersion', payload: request },
        async () => {
          const held = await this.datasets.holdById(tx, dataset.id);
          const same = await this.datasets.findVersionBySnapshot(tx, dataset.id, content.sha256);
          return same?.id ?? (await this.addVersion(tx, held, content)).id;
        },
      ),
    );
    return this.getVersionById(organizationId, id);
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

  private async importUpload(upload: Upload): Promise<DatasetVersionContent> {
    const table = await this.tables.importCsv(upload.sha256);
    return {
      uploadId: upload.id,
      uploadSha256: upload.sha256,
      rowCount: String(table.rowCount),
      droppedRowCount: String(table.droppedRowCount),
      columns: table.columns,
      sha256: table.snapshot.sha256,
      sizeBytes: String(table.snapshot.sizeBytes),
    };
  }

  /** The caller holds the dataset's row, so that numbers have no gaps and no doubles. */
  private async addVersion(
    tx: EntityManager,
    dataset: Dataset,
    content: DatasetVersionContent,
  ): Promise<DatasetVersion> {
    const version = DatasetVersion.create(dataset, dataset.nextNumber(), content);
    await this.datasets.insertVersion(tx, version);
    await this.datasets.save(tx, dataset);
    await emit(tx, 'data_sources.v1.dataset_version.imported', dataset.id, {
      organizationId: dataset.organizationId,
      datasetId: dataset.id,
      datasetName: dataset.name,
      datasetVersionId: version.id,
      number: version.number,
      rowCount: version.rowCount,
      sha256: version.sha256,
    });
    return version;
  }
}
