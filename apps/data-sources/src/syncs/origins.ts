import { Injectable } from '@nestjs/common';
import type { Origin, PreviousFetch } from '../connectors/connector.js';
import type { Sync } from './sync.entity.js';

/** What a sync reads, and what was there the last time. */
export interface SyncOrigin {
  readonly origin: Origin;
  readonly previous?: PreviousFetch;
}

/** Says what a sync reads. */
@Injectable()
export class Origins {
  /** The origin of the sync: its upload or the version that it derives from. */
  of(sync: Sync): Promise<SyncOrigin> {
    const { organizationId, uploadId, parentVersionId } = sync;
    if (uploadId !== null) return Promise.resolve({ origin: { kind: 'upload', organizationId, uploadId } });
    if (parentVersionId !== null) {
      return Promise.resolve({ origin: { kind: 'version', organizationId, versionId: parentVersionId } });
    }
    return Promise.reject(new Error(`${sync.id} reads neither an upload nor a version.`));
  }
}
