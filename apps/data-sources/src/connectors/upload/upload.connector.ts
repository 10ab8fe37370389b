import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import { UploadsService } from '../../uploads/uploads.service.js';
import type { Connector, Fetched, Listing, OriginOf } from '../connector.js';
import type { FetchSink } from '../fetch-sink.js';

/** Reads a file that was uploaded. */
@Injectable()
export class UploadConnector implements Connector<'upload'> {
  readonly kind = 'upload';

  constructor(
    private readonly uploads: UploadsService,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  async check({ organizationId, uploadId }: OriginOf<'upload'>): Promise<Listing> {
    const { filename, sizeBytes } = await this.uploads.get(organizationId, uploadId);
    const entry = { name: filename, sizeBytes: Number(sizeBytes), mediaType: null };
    return { entries: [entry], hasMore: false };
  }

  async fetch({ organizationId, uploadId }: OriginOf<'upload'>, sink: FetchSink): Promise<Fetched> {
    const { filename, sizeBytes, sha256 } = await this.uploads.get(organizationId, uploadId);
    const file = { name: filename, mediaType: null, sizeBytes: Number(sizeBytes), sha256 };
    await sink.place(file, (path) => this.blobs.copyTo(sha256, path));
    return { files: sink.files, location: filename, validator: null };
  }
}
