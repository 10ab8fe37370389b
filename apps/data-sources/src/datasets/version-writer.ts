import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { DatasetVersion } from './dataset-version.entity.js';
import type { DatasetVersionContent } from './dataset-version.entity.js';
import { Dataset } from './dataset.entity.js';
import { datasetExists, datasetNotFound } from './datasets.errors.js';
import { DatasetsRepository } from './datasets.repository.js';

/** The dataset that content goes into. */
export interface WriteTarget {
  readonly organizationId: string;
  readonly datasetName: string;
  /** `new`: it must not exist; `existing`: it must; `any`: it is made when it does not. */
  readonly target: 'new' | 'existing' | 'any';
}

/** The version that holds the content, and whether it was there before. */
export interface Written {
  readonly version: DatasetVersion;
  readonly isUnchanged: boolean;
}

/** Adds versions to datasets. The dataset's row is held meanwhile, so that numbers have no gaps and no doubles. */
@Injectable()
export class VersionWriter {
  constructor(private readonly datasets: DatasetsRepository) {}

  /** Adds a version, unless the dataset has one of the same content. Throws `conflict` or `not_found` by the target. */
  async write(tx: EntityManager, target: WriteTarget, content: DatasetVersionContent): Promise<Written> {
    const dataset = await this.hold(tx, target);
    const same = await this.datasets.findVersionByContent(tx, dataset.id, content.manifestDigest);
    if (same) return { version: same, isUnchanged: true };
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
    return { version, isUnchanged: false };
  }

  private async hold(tx: EntityManager, target: WriteTarget): Promise<Dataset> {
    const { organizationId, datasetName } = target;
    if (target.target !== 'existing') {
      const dataset = Dataset.create(organizationId, datasetName);
      if (await this.datasets.insert(tx, dataset)) return dataset;
      if (target.target === 'new') throw datasetExists(datasetName);
    }
    const held = await this.datasets.holdByName(tx, organizationId, datasetName);
    if (!held) throw datasetNotFound(datasetName);
    return held;
  }
}
