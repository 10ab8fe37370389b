import { Injectable } from '@nestjs/common';
import type { Fetched, Origin } from '../connectors/connector.js';
import type { DatasetVersion, DatasetVersionContent, Lineage } from '../datasets/dataset-version.entity.js';
import type { Dataset } from '../datasets/dataset.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { Importer } from './importer.js';
import { SyncFinisher } from './sync-finisher.js';
import { SyncReader } from './sync-reader.js';
import type { Sync } from './sync.entity.js';
import type { SyncLease } from './syncs.repository.js';

/** One attempt: the sync, the right to speak for it, where its files go, when to stop, and how far it is. */
export interface Attempt {
  readonly sync: Sync;
  readonly lease: SyncLease;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: { fetchedBytes: number; importedRows: number };
}

/** What came of an attempt: new content, or the version that has it already. */
export type AttemptOutcome = { readonly content: DatasetVersionContent } | { readonly same: DatasetVersion };

/** The work of an attempt, up to the content of a version. Changes nothing but the state of the sync. */
@Injectable()
export class SyncAttempts {
  constructor(
    private readonly reader: SyncReader,
    private readonly datasets: DatasetsService,
    private readonly importer: Importer,
    private readonly finisher: SyncFinisher,
  ) {}

  /** Fetches and imports. Throws LeaseLost, and what connector and importer throw. */
  async run({ sync, lease, folder, signal, progress }: Attempt): Promise<AttemptOutcome> {
    const onBytes = (fetchedBytes: number): void => void (progress.fetchedBytes = fetchedBytes);
    const { origin, fetched, sha256 } = await this.reader.read(sync, folder, signal, onBytes);
    const dataset = sync.target === 'new' ? null : await this.findDataset(sync);
    const same = dataset && (await this.datasets.findVersionByFetch(dataset.id, sha256, sync.recipe));
    if (same) return { same };
    if (!fetched) throw new Error(`${sync.id}: unchanged since a version that is not there`);
    await this.finisher.startImport(lease, sha256);
    const { recipe, uploadId } = sync;
    const onRows = (rowCount: number): void => void (progress.importedRows = rowCount);
    const earlier = dataset ? await this.datasets.findEarlier(dataset) : undefined;
    const { files } = fetched;
    const made = await this.importer.import({ files, recipe, earlier, folder, signal, onRows });
    const lineage = lineageOf(sync, origin, fetched, sha256);
    return { content: { ...made, uploadId, fetchedSha256: sha256, syncId: sync.id, lineage } };
  }

  private findDataset(sync: Sync): Promise<Dataset | null> {
    return this.datasets.find(sync.organizationId, sync.datasetName);
  }
}

function lineageOf(sync: Sync, origin: Origin, fetched: Fetched, fetchedSha256: string): Lineage {
  const files = fetched.files.map(({ name, sizeBytes, sha256 }) => ({
    name,
    sizeBytes: String(sizeBytes),
    sha256,
  }));
  return {
    kind: origin.kind,
    location: fetched.location,
    sourceId: sync.sourceId,
    uploadId: sync.uploadId,
    parentVersionId: sync.parentVersionId,
    fetchedSha256,
    files,
    fetchedAt: new Date().toISOString(),
  };
}
