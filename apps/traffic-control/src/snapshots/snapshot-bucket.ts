import type { StateBucket } from '@aimass/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import { openRoutingBucket, SCHEMA_VERSION } from './snapshot.mapping.js';
import type { RoutingSnapshot } from './snapshot.mapping.js';

/** The KV bucket `routing` as its only writer sees it; made again when it is gone. */
export class SnapshotBucket {
  private bucket: StateBucket<RoutingSnapshot>;

  constructor(private readonly nats: NatsConnection) {
    this.bucket = openRoutingBucket(nats);
  }

  put(snapshot: RoutingSnapshot): Promise<void> {
    return this.attempt((bucket) => bucket.put(snapshot.organizationId, snapshot));
  }

  /** The revision held for an organization; 0 when there is none, or one of another schema. */
  revisionOf(organizationId: string): Promise<string> {
    return this.attempt(async (bucket) => {
      const held = await bucket.find(organizationId);
      return held?.schemaVersion === SCHEMA_VERSION ? held.revision : '0';
    });
  }

  /** A failure may mean that the bucket was deleted: the next attempt opens, and if need be creates, it anew. */
  private async attempt<T>(work: (bucket: StateBucket<RoutingSnapshot>) => Promise<T>): Promise<T> {
    try {
      return await work(this.bucket);
    } catch (error) {
      this.bucket = openRoutingBucket(this.nats);
      throw error;
    }
  }
}
