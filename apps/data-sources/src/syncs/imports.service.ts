import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@aimass/platform-errors';
import { isId } from '@aimass/platform-persistence';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { Dataset } from '../datasets/dataset.entity.js';
import { datasetExists } from '../datasets/datasets.errors.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { parseRecipe } from '../recipes/recipe.js';
import { UploadsService } from '../uploads/uploads.service.js';
import type { Sync, SyncRequest } from './sync.entity.js';
import { importOriginInvalid, syncCancelled } from './syncs.errors.js';
import { SyncsService } from './syncs.service.js';

/** Names a version: by id, or by dataset and number. */
export interface VersionReference {
  readonly versionId: string;
  readonly dataset: string;
  readonly number: number;
}

/** What to import under a name (of a new dataset) or into a dataset (id or name). */
export interface ImportRequest {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  readonly dataset: string;
  /** Empty with `derivedFrom`. */
  readonly uploadId: string;
  /** JSON; absent for none. */
  readonly recipeJson?: string;
  readonly derivedFrom?: VersionReference;
}

/** A new version, or the sync that is still at work on it. */
export type ImportOutcome = { readonly version: DatasetVersion } | { readonly sync: Sync };

/** What is left of the caller's patience for the answer to travel. */
const ANSWER_MS = 500;

/** Imports on request: orders a sync, and waits for it a while. */
@Injectable()
export class ImportsService {
  constructor(
    private readonly syncs: SyncsService,
    private readonly datasets: DatasetsService,
    private readonly uploads: UploadsService,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** Makes a dataset with version 1; `timeLeftMs` is when the caller stops waiting. Data that is not clean leaves nothing behind but a sync that says so. */
  async createDataset(request: ImportRequest, timeLeftMs = Infinity): Promise<ImportOutcome> {
    const { organizationId, requestId, dataset: name } = request;
    Dataset.create(organizationId, name);
    const origin = await this.originOf(request);
    // With a key this may be a repeat of the call that took the name.
    if (requestId === '' && (await this.datasets.find(organizationId, name))) throw datasetExists(name);
    const order = { ...origin, datasetName: name, target: 'new', operation: 'CreateDataset' } as const;
    return this.run(request, order, timeLeftMs);
  }

  /** As createDataset: makes the next version, or finds the one that has the same content already. */
  async createVersion(request: ImportRequest, timeLeftMs = Infinity): Promise<ImportOutcome> {
    const dataset = await this.datasets.get(request.organizationId, request.dataset);
    const origin = await this.originOf(request);
    const order = {
      ...origin,
      datasetId: dataset.id,
      datasetName: dataset.name,
      target: 'existing',
      operation: 'CreateDatasetVersion',
    } as const;
    return this.run(request, order, timeLeftMs);
  }

  /** Checks that there is such an upload or version. */
  private async originOf(request: ImportRequest): Promise<{ uploadId?: string; parentVersionId?: string }> {
    const { organizationId, uploadId, derivedFrom } = request;
    if ((uploadId === '') === (derivedFrom === undefined)) throw importOriginInvalid();
    if (derivedFrom === undefined) return { uploadId: (await this.uploads.get(organizationId, uploadId)).id };
    const { versionId, dataset, number } = derivedFrom;
    const version =
      versionId === ''
        ? await this.datasets.getVersion(organizationId, dataset, number)
        : await this.datasets.getVersionById(organizationId, versionId);
    return { parentVersionId: version.id };
  }

  private async run(
    request: ImportRequest,
    order: Omit<SyncRequest, 'organizationId' | 'trigger' | 'recipe' | 'requestId'>,
    timeLeftMs: number,
  ): Promise<ImportOutcome> {
    const { organizationId, requestId, recipeJson = '' } = request;
    const recipe = parseRecipe(recipeJson);
    const id = await this.syncs.request(
      { ...order, organizationId, requestId, recipe, trigger: 'request' },
      request,
    );
    if (!isId('syn', id)) return { version: await this.madeBeforeSyncs(organizationId, id) };
    const waitMs = Math.max(0, Math.min(this.config.SYNC_WAIT_MS, timeLeftMs - ANSWER_MS));
    return this.outcomeOf(await this.syncs.wait(organizationId, id, waitMs));
  }

  private async outcomeOf(sync: Sync): Promise<ImportOutcome> {
    if (sync.error) {
      const { kind, code, message, violations } = sync.error;
      throw new DomainError(kind, code, message, { violations });
    }
    if (sync.state === 'cancelled') throw syncCancelled(sync.id);
    if (sync.datasetVersionId === null) return { sync };
    return { version: await this.datasets.getVersionById(sync.organizationId, sync.datasetVersionId) };
  }

  /** A key that was used before imports were syncs remembers the dataset or the version that was made. */
  private madeBeforeSyncs(organizationId: string, id: string): Promise<DatasetVersion> {
    return isId('ds', id)
      ? this.datasets.getVersion(organizationId, id, 1)
      : this.datasets.getVersionById(organizationId, id);
  }
}
