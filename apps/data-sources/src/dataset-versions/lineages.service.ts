import { Injectable } from '@nestjs/common';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { SplitsService } from '../splits/splits.service.js';

/** What was made of a version, at most. */
const MAX_CHILDREN = 200;

/** Something that was made of a version in this service. */
export interface LineageChild {
  readonly kind: 'split' | 'version';
  readonly id: string;
  readonly createdAt: Date;
}

/** Finds what was made of versions. Where they came from is part of them. */
@Injectable()
export class LineagesService {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly splits: SplitsService,
  ) {}

  /** Splits and derived versions, oldest first, at most 200. Jobs are known to training. */
  async children({ id, organizationId, datasetId, number }: DatasetVersion): Promise<LineageChild[]> {
    const page = { pageSize: MAX_CHILDREN, pageToken: '' };
    const splits = (await this.splits.list(organizationId, datasetId, number, page)).items;
    const versions = await this.datasets.listDerived(organizationId, id, MAX_CHILDREN);
    return [
      ...splits.map((split) => ({ kind: 'split' as const, id: split.id, createdAt: split.createdAt })),
      ...versions.map((version) => ({
        kind: 'version' as const,
        id: version.id,
        createdAt: version.createdAt,
      })),
    ]
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
      .slice(0, MAX_CHILDREN);
  }
}
