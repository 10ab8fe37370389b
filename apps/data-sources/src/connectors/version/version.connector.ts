import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import { DatasetsService } from '../../datasets/datasets.service.js';
import type { Connector, Fetched, Listing, OriginOf } from '../connector.js';
import type { FetchSink } from '../fetch-sink.js';

/** Reads the snapshot of a dataset version, so that another one can be derived from it. */
@Injectable()
export class VersionConnector implements Connector<'version'> {
  readonly kind = 'version';

  constructor(
    private readonly datasets: DatasetsService,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  async check(origin: OriginOf<'version'>): Promise<Listing> {
    return { entries: [await this.snapshotOf(origin)], hasMore: false };
  }

  async fetch(origin: OriginOf<'version'>, sink: FetchSink): Promise<Fetched> {
    const snapshot = await this.snapshotOf(origin);
    await sink.place(snapshot, (path) => this.blobs.copyTo(snapshot.sha256, path));
    return { files: sink.files, location: snapshot.name, validator: null };
  }

  private async snapshotOf({ organizationId, versionId }: OriginOf<'version'>) {
    const version = await this.datasets.getVersionById(organizationId, versionId);
    return {
      name: `${version.datasetName}-${version.number}.parquet`,
      mediaType: 'application/vnd.apache.parquet',
      sizeBytes: Number(version.sizeBytes),
      sha256: version.sha256,
    };
  }
}
