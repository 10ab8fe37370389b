import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Fetched, Origin } from '../connectors/connector.js';
import { Connectors } from '../connectors/connectors.js';
import { fetchedDigest, FetchSink } from '../connectors/fetch-sink.js';
import { Origins } from './origins.js';
import type { Sync } from './sync.entity.js';

/** Files of one fetch. */
const MAX_FILES = 10_000;

/** What a sync has read. */
export interface ReadResult {
  readonly origin: Origin;
  /** Null when the origin itself says that nothing has changed. */
  readonly fetched: Fetched | null;
  /** Digest of the content, fetched or unchanged. */
  readonly sha256: string;
}

/** Reads what a sync is to import: finds its origin, and lets the connector for it bring the bytes. */
@Injectable()
export class SyncReader {
  constructor(
    private readonly origins: Origins,
    private readonly connectors: Connectors,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** Brings everything into the folder; `onBytes` hears how many bytes there are. */
  async read(
    sync: Sync,
    folder: string,
    signal: AbortSignal,
    onBytes: (fetchedBytes: number) => void,
  ): Promise<ReadResult> {
    const { origin, previous, source } = await this.origins.of(sync);
    const limits = { maxBytes: this.config.FETCH_LIMIT_BYTES, maxFiles: MAX_FILES };
    const sink = new FetchSink(folder, limits, onBytes);
    const fetched = await this.connectors.fetch(origin, sink, signal, previous);
    signal.throwIfAborted();
    if (fetched !== 'unchanged') {
      const sha256 = fetchedDigest(fetched.files);
      if (source) await this.origins.remember(source, { sha256, validator: fetched.validator });
      return { origin, fetched, sha256 };
    }
    if (!previous) throw new Error(`${sync.id}: the ${origin.kind} connector compares with nothing`);
    return { origin, fetched: null, sha256: previous.sha256 };
  }
}
