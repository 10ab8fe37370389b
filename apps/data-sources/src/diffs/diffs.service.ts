import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { TableEngine } from '../tables/table-engine.js';
import { Workspace } from '../tables/workspace.js';
import { diffTables } from './table-diff.js';
import type { DiffSide, TableDiff } from './table-diff.js';

/** Two versions of a dataset and how they differ. */
export interface VersionDiff {
  readonly after: DatasetVersion;
  readonly before: DatasetVersion;
  readonly table: TableDiff;
}

/** Compares versions. */
@Injectable()
export class DiffsService {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly workspace: Workspace,
    private readonly tables: TableEngine,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /** How `after` differs from an earlier, or any other, version of its dataset. Throws `not_found`. */
  async diff(after: DatasetVersion, against: number): Promise<VersionDiff> {
    const before = await this.datasets.getVersion(after.organizationId, after.datasetId, against);
    const table = await this.workspace.use(async (folder) => {
      const sides = [
        await this.side(after, folder, 'after'),
        await this.side(before, folder, 'before'),
      ] as const;
      const never = new AbortController().signal;
      return this.tables.inDatabase(folder, never, (connection) => diffTables(connection, ...sides));
    });
    return { after, before, table };
  }

  private async side(version: DatasetVersion, folder: string, name: string): Promise<DiffSide> {
    const path = join(folder, `${name}.parquet`);
    await this.blobs.copyTo(version.sha256, path);
    const spreads = await this.datasets.findSpreads(version.id);
    const { columns, rowCount } = version;
    return { path, columns, rowCount: Number(rowCount), spreads: spreads?.columns ?? [] };
  }
}
