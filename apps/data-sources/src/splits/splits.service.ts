import { Injectable } from '@nestjs/common';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { fittedSteps } from '../recipes/recipe.js';
import { assertChoice, assertSizes } from './split-choice-checks.js';
import type { SplitChoice } from './split-choice.js';
import { SplitTables } from './split-tables.js';
import type { MembershipFormat } from './split-tables.js';
import { Split, splitKey } from './split.entity.js';
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
  readonly choice: SplitChoice;
}

/** Splits dataset versions and finds those splits again. */
@Injectable()
export class SplitsService {
  constructor(
    private readonly splits: SplitsRepository,
    private readonly datasets: DatasetsService,
    private readonly tables: SplitTables,
  ) {}

  /** Makes a split, or returns the one that was chosen in the same way. */
  async create(request: SplitRequest): Promise<Split> {
    const { organizationId, requestId, dataset, number, choice } = request;
    assertChoice(choice);
    const version = await this.datasets.getVersion(organizationId, dataset, number);
    const split =
      (await this.splits.findSame(version.id, splitKey(choice))) ?? (await this.make(version, choice));
    const id = await this.splits.transaction((tx) =>
      onceOnly(tx, { organizationId, requestId, name: 'CreateSplit', payload: payloadOf(request) }, () =>
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

  /** The rows of a split's version with their parts, in chunks. */
  async membership(
    organizationId: string,
    id: string,
    format: MembershipFormat,
  ): Promise<{ readonly name: string; readonly chunks: AsyncIterable<Buffer> }> {
    const { split, version } = await this.get(organizationId, id);
    const name = `${version.datasetName}-${version.number}-${split.id}.${format}`;
    return { name, chunks: this.tables.exportMembership(version.sha256, split.choice, format) };
  }

  private async getSplit(organizationId: string, id: string): Promise<Split> {
    const split = await this.splits.find(organizationId, id);
    if (!split) throw splitNotFound(id);
    return split;
  }

  private async make(version: DatasetVersion, choice: SplitChoice): Promise<Split> {
    const made = await this.tables.make(version.sha256, choice, fittedSteps(version.recipe), (sizes) =>
      assertSizes(choice, sizes),
    );
    return Split.create(version, choice, made);
  }
}

/** What an idempotency key stands for; random splits as they were before there were others. */
function payloadOf({ choice, ...request }: SplitRequest): unknown {
  return choice.strategy === 'random'
    ? { ...request, ratios: choice.ratios, seed: choice.seed }
    : { ...request, ...choice };
}
