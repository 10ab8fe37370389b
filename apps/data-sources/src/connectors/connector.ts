import type {
  HttpSourceConfig,
  PostgresSourceConfig,
  S3SourceConfig,
  SourceCredentials,
} from '../sources/source-config.js';
import type { FetchedFile, FetchSink } from './fetch-sink.js';

export type { FetchedFile } from './fetch-sink.js';

/** What data can come from: sources, and what is here already. */
export type ConnectorKind = 'upload' | 'version' | 'http' | 's3' | 'postgres';

interface SourceOrigin<K, C> {
  readonly kind: K;
  readonly organizationId: string;
  readonly config: C;
  /** Null for none. In memory only. */
  readonly credentials: SourceCredentials | null;
}

/** What is to be read. */
export type Origin =
  | { readonly kind: 'upload'; readonly organizationId: string; readonly uploadId: string }
  | { readonly kind: 'version'; readonly organizationId: string; readonly versionId: string }
  | SourceOrigin<'http', HttpSourceConfig>
  | SourceOrigin<'s3', S3SourceConfig>
  | SourceOrigin<'postgres', PostgresSourceConfig>;

/** The origins of a kind. */
export type OriginOf<K extends ConnectorKind> = Extract<Origin, { kind: K }>;

/** The configuration of a source of a kind; none for what is here already. */
export type ConfigOf<K extends ConnectorKind> = Extract<OriginOf<K>, { config: unknown }>['config'];

/** One thing that a fetch would read. */
export interface ListingEntry {
  /** The file, key, table or query. */
  readonly name: string;
  /** Null when the origin does not say. */
  readonly sizeBytes: number | null;
  /** Null when the origin does not say. */
  readonly mediaType: string | null;
}

/** What a fetch would read: the first 100 entries. */
export interface Listing {
  readonly entries: readonly ListingEntry[];
  readonly hasMore: boolean;
}

/** Everything that was fetched. */
export interface Fetched {
  /** At least one, in an order that the same content always has. */
  readonly files: readonly FetchedFile[];
  /** What was read, for people, without credentials. */
  readonly location: string;
  /** What the origin calls this state of its content, such as an ETag; null when it has no word for it. */
  readonly validator: string | null;
}

/** What was there at the last sync of the same origin that ended well. */
export interface PreviousFetch {
  readonly sha256: string;
  readonly validator: string | null;
}

/**
 * The way to one kind of origin: brings its bytes into a folder. A connector keeps no state between calls, reaches only
 * what the egress guard lets it, bounds time and bytes, and throws DomainErrors that hold no credentials.
 */
export interface Connector<K extends ConnectorKind = ConnectorKind> {
  readonly kind: K;
  /** Of sources: refuses, without the network, what could never be read. */
  admit?(config: ConfigOf<K>): void | Promise<void>;
  /** Connects and says what `fetch` would read, changing nothing. Stops when `signal` aborts. */
  check(origin: OriginOf<K>, signal: AbortSignal): Promise<Listing>;
  /**
   * Writes everything into the sink, or says `unchanged` when the origin itself tells that nothing has changed since
   * `previous`. Stops, throwing, when `signal` aborts; the folder goes with the sync in any case.
   */
  fetch(
    origin: OriginOf<K>,
    sink: FetchSink,
    signal: AbortSignal,
    previous?: PreviousFetch,
  ): Promise<Fetched | 'unchanged'>;
}
