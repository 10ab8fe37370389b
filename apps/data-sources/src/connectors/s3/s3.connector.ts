import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../../config.js';
import { Egress } from '../../net/egress.js';
import type { S3SourceConfig } from '../../sources/source-config.js';
import { fetchTooLarge } from '../connectors.errors.js';
import type { Connector, Fetched, Listing, OriginOf, PreviousFetch } from '../connector.js';
import type { FetchSink } from '../fetch-sink.js';
import type { Patience } from '../http/watchdog.js';
import { sourceDataAbsent, sourceTimedOut } from '../reading.errors.js';
import { S3Bucket } from './s3-bucket.js';
import type { S3Object } from './s3-listing.js';
import { s3Target } from './s3-target.js';

/** A sync takes no more files. */
const MAXIMUM_OBJECTS = 10_000;
const MAXIMUM_SHOWN = 100;

type S3Origin = OriginOf<'s3'>;

/** Reads one object of an S3-compatible store, or every object below a prefix, in the order of their keys. */
@Injectable()
export class S3Connector implements Connector<'s3'> {
  readonly kind = 's3';
  private readonly patience: Patience;

  constructor(
    private readonly egress: Egress,
    @Inject(CONFIG)
    config: Readonly<
      Pick<Config, 'FETCH_TIMEOUT_SECONDS' | 'FETCH_MINIMUM_BYTES_PER_SECOND' | 'FETCH_PATIENCE_SECONDS'>
    >,
  ) {
    this.patience = {
      timeoutSeconds: config.FETCH_TIMEOUT_SECONDS,
      minimumBytesPerSecond: config.FETCH_MINIMUM_BYTES_PER_SECOND,
      windowSeconds: config.FETCH_PATIENCE_SECONDS,
    };
  }

  /** Refuses, without the network, what could never be read. */
  admit(config: S3SourceConfig): void {
    s3Target(config, this.egress);
  }

  async check(origin: S3Origin, signal: AbortSignal): Promise<Listing> {
    const objects = await this.objectsOf(origin, MAXIMUM_SHOWN, true, signal);
    const entries = objects.slice(0, MAXIMUM_SHOWN).map(({ key, sizeBytes }) => ({
      name: key,
      sizeBytes,
      mediaType: null,
    }));
    return { entries, hasMore: objects.length > entries.length };
  }

  async fetch(
    origin: S3Origin,
    sink: FetchSink,
    signal: AbortSignal,
    previous?: PreviousFetch,
  ): Promise<Fetched | 'unchanged'> {
    const { host } = s3Target(origin.config, this.egress);
    const { timeoutSeconds } = this.patience;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort(sourceTimedOut(host, timeoutSeconds));
    }, timeoutSeconds * 1000);
    try {
      return await this.fetchUntil(origin, sink, AbortSignal.any([signal, deadline.signal]), previous);
    } finally {
      clearTimeout(timer);
    }
  }

  private async fetchUntil(
    origin: S3Origin,
    sink: FetchSink,
    signal: AbortSignal,
    previous?: PreviousFetch,
  ): Promise<Fetched | 'unchanged'> {
    const objects = await this.objectsOf(origin, MAXIMUM_OBJECTS, false, signal);
    const validator = validatorOf(objects);
    if (validator !== null && validator === previous?.validator) return 'unchanged';
    const sizeBytes = objects.reduce((sum, object) => sum + object.sizeBytes, 0);
    if (sizeBytes > sink.bytesLeft) throw fetchTooLarge(sink.bytesLeft);
    const bucket = this.bucketOf(origin);
    for (const object of objects) {
      await bucket.open(object, sink.bytesLeft, signal, ({ mediaType, bytes }) =>
        sink.write({ name: object.key, mediaType }, bytes, signal),
      );
    }
    return { files: sink.files, location: locationOf(origin.config), validator };
  }

  private async objectsOf(
    origin: S3Origin,
    limit: number,
    isSample: boolean,
    signal: AbortSignal,
  ): Promise<S3Object[]> {
    const { selection } = origin.config;
    const bucket = this.bucketOf(origin);
    if ('key' in selection) return [await bucket.head(selection.key, signal)];
    const objects = await bucket.list(selection.prefix, limit, isSample, signal);
    const { host } = s3Target(origin.config, this.egress);
    if (objects.length === 0) throw sourceDataAbsent(host, 'no object has a key with this prefix');
    return objects;
  }

  private bucketOf({ config, credentials }: S3Origin): S3Bucket {
    const target = s3Target(config, this.egress);
    return new S3Bucket({ egress: this.egress, target, credentials, patience: this.patience });
  }
}

/** Names the state of all objects together; null when the server has no name for that of one of them. */
function validatorOf(objects: readonly S3Object[]): string | null {
  if (objects.some(({ etag }) => etag === '')) return null;
  const hash = createHash('sha256');
  for (const { key, etag, sizeBytes } of objects) hash.update(`${JSON.stringify([key, etag, sizeBytes])}\n`);
  return hash.digest('hex');
}

function locationOf({ endpoint, bucket, selection }: S3SourceConfig): string {
  const name = 'key' in selection ? selection.key : `${selection.prefix}*`;
  return endpoint === '' ? `s3://${bucket}/${name}` : `s3://${bucket}/${name} (${new URL(endpoint).origin})`;
}
