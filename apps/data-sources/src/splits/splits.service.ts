import { Injectable } from '@nestjs/common';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { TableEngine } from '../tables/table-engine.js';
import { assertRatios, partSizes } from './split-plan.js';
import type { Ratios } from './split-plan.js';
import { Split } from './split.entity.js';
import { splitNotFound } from './splits.errors.js';
import { SplitsRepository } from './splits.repository.js';

/** A split to make. */
export interface SplitRequest {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  /** Id or name. */
  readonly dataset: string;
  readonly number: number;
  readonly ratios: Ratios;
  /** An unsigned 64-bit integer as text. */
  readonly seed: string;
}

/** Splits dataset versions and finds those splits again. */
@Injectable()
export class SplitsService {
  constructor(
    private readonly splits: SplitsRepository,
    private readonly datasets: DatasetsService,
    private readonly tables: TableEngine,
  ) {}

  /** Makes a split, or returns the one of the same ratios and seed. */
  async create(request: SplitRequest): Promise<Split> {
    const { organizationId, requestId, dataset, number, ratios, seed } = request;
    assertRatios(ratios);
    const version = await this.datasets.getVersion(organizationId, dataset, number);
    const split =
      (await this.splits.findSame(version.id, ratios, seed)) ?? (await this.make(version, ratios, seed));
    const id = await this.splits.transaction((tx) =>
      onceOnly(tx, { organizationId, requestId, name: 'CreateSplit', payload: request }, () =>
        this.splits.insertOrFind(tx, split),
      ),
    );
    return this.getSplit(organizationId, id);
  }

  async get(organizationId: string, id: string): Promise<{ split: Split; version: DatasetVersion }> {
    const split = await this.getSplit(organizationId, id);
    return { split, version: await this.datasets.getVersionById(organizationId, split.datasetVersionId) };
  }

  async list(
    organizationId: string,
    dataset: string,
    number: number,
    page: PageRequest,
  ): Promise<Page<Split>> {
    const version = await this.datasets.getVersion(organizationId, dataset, number);
    return this.splits.list(version.id, pageBounds(page));
  }

  private async getSplit(organizationId: string, id: string): Promise<Split> {
    const split = await this.splits.find(organizationId, id);
    if (!split) throw splitNotFound(id);
    return split;
  }

  private async make(version: DatasetVersion, ratios: Ratios, seed: string): Promise<Split> {
    const parts = partSizes(ratios, Number(version.rowCount));
    return Split.create(version, ratios, seed, await this.tables.split(version.sha256, { parts, seed }));
  }
}
