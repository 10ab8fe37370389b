import { Injectable } from '@nestjs/common';
import type { Origin, PreviousFetch } from '../connectors/connector.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { originOf } from '../sources/source-origin.js';
import { SourceVault } from '../sources/source-vault.js';
import { sourceNotFound } from '../sources/sources.errors.js';
import { SourcesRepository } from '../sources/sources.repository.js';
import type { SourceState } from '../sources/sources.repository.js';
import type { Sync } from './sync.entity.js';

/** What a sync reads, and what was there the last time. */
export interface SyncOrigin {
  readonly origin: Origin;
  /** Only when the dataset holds a version of it that was made as this sync would make it. */
  readonly previous?: PreviousFetch;
  /** The source, as it was read; absent for an import on request. */
  readonly source?: SourceState;
}

/** Says what a sync reads. */
@Injectable()
export class Origins {
  constructor(
    private readonly sources: SourcesRepository,
    private readonly vault: SourceVault,
    private readonly datasets: DatasetsService,
  ) {}

  /**
   * The origin of the sync: its source with its credentials, its upload, or the version that it derives from. Throws
   * `source_not_found` for one that was deleted meanwhile, and `credentials_unreadable`.
   */
  async of(sync: Sync): Promise<SyncOrigin> {
    const { organizationId, sourceId, uploadId, parentVersionId } = sync;
    if (sourceId !== null) return this.ofSource(sourceId, sync);
    if (uploadId !== null) return { origin: { kind: 'upload', organizationId, uploadId } };
    if (parentVersionId !== null) {
      return { origin: { kind: 'version', organizationId, versionId: parentVersionId } };
    }
    throw new Error(`${sync.id} reads nothing.`);
  }

  /** Lets the next sync of the source ask what is new since, unless the source has been changed meanwhile. */
  async remember(source: SourceState, fetched: PreviousFetch): Promise<void> {
    await this.sources.remember(source, fetched);
  }

  private async ofSource(id: string, sync: Sync): Promise<SyncOrigin> {
    const source = await this.sources.findById(id);
    if (!source || source.deletedAt) throw sourceNotFound(id);
    const { fetched, revision } = source;
    const isHeld = fetched !== null && (await this.holds(sync, fetched.sha256));
    return {
      origin: originOf(source, this.vault.open(source)),
      source: { id, revision },
      ...(isHeld ? { previous: fetched } : {}),
    };
  }

  /** Only what is held already need not be sent again. */
  private async holds({ organizationId, datasetName, recipe }: Sync, sha256: string): Promise<boolean> {
    const dataset = await this.datasets.find(organizationId, datasetName);
    return dataset !== null && (await this.datasets.findVersionByFetch(dataset.id, sha256, recipe)) !== null;
  }
}
