import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../../config.js';
import { Egress } from '../../net/egress.js';
import { parseSourceUrl, portOf } from '../../net/source-url.js';
import type { HttpSourceConfig, SourceCredentials } from '../../sources/source-config.js';
import type { Connector, Fetched, Listing, OriginOf, PreviousFetch } from '../connector.js';
import type { FetchSink } from '../fetch-sink.js';
import { credentialsRefused } from './http.errors.js';
import { HttpDownloads } from './http-download.js';
import type { HttpTarget } from './http-request.js';

type HttpOrigin = OriginOf<'http'>;

/** Reads one file over HTTP or HTTPS, through the egress gate. */
@Injectable()
export class HttpConnector implements Connector<'http'> {
  readonly kind = 'http';
  private readonly downloads: HttpDownloads;

  constructor(
    private readonly egress: Egress,
    @Inject(CONFIG)
    config: Readonly<
      Pick<Config, 'FETCH_TIMEOUT_SECONDS' | 'FETCH_MINIMUM_BYTES_PER_SECOND' | 'FETCH_PATIENCE_SECONDS'>
    >,
  ) {
    this.downloads = new HttpDownloads(egress, {
      timeoutSeconds: config.FETCH_TIMEOUT_SECONDS,
      minimumBytesPerSecond: config.FETCH_MINIMUM_BYTES_PER_SECOND,
      windowSeconds: config.FETCH_PATIENCE_SECONDS,
    });
  }

  /** Refuses, without the network, an address that could never be read. */
  admit(config: HttpSourceConfig): void {
    this.admitted(config);
  }

  async check(origin: HttpOrigin, signal: AbortSignal): Promise<Listing> {
    const request = { ...this.targetOf(origin), validator: null, limitBytes: Infinity };
    const entry = await this.downloads.download(request, signal, (download) => {
      const { name, mediaType, sizeBytes } = download;
      return Promise.resolve({ name, mediaType: mediaType || null, sizeBytes: sizeBytes ?? null });
    });
    return { entries: entry ? [entry] : [], hasMore: false };
  }

  async fetch(
    origin: HttpOrigin,
    sink: FetchSink,
    signal: AbortSignal,
    previous?: PreviousFetch,
  ): Promise<Fetched | 'unchanged'> {
    const target = this.targetOf(origin);
    const request = { ...target, validator: previous?.validator ?? null, limitBytes: sink.bytesLeft };
    const validator = await this.downloads.download(request, signal, async (download) => {
      const { name, mediaType } = download;
      await sink.write({ name, mediaType: mediaType || null }, download.bytes, signal);
      return { value: download.validator };
    });
    if (!validator) return 'unchanged';
    const { origin: server, pathname } = target.url;
    // A query may hold a signature.
    return { files: sink.files, location: `${server}${pathname}`, validator: validator.value };
  }

  private admitted({ url: text, credentialsHeader }: HttpSourceConfig): URL {
    checkHeader(credentialsHeader);
    const url = parseSourceUrl(text);
    this.egress.check(url.hostname, portOf(url));
    return url;
  }

  private targetOf({ config, credentials }: HttpOrigin): HttpTarget {
    const url = this.admitted(config);
    if (credentials) checkCredentials(credentials, config.credentialsHeader);
    return { url, credentials, credentialsHeader: config.credentialsHeader };
  }
}

/** Headers that say how the request is sent, and so are never a user's to set. */
const OUR_HEADERS =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|range|if-.*|accept.*|user-agent|keep-alive|proxy-.*)$/i;

function checkHeader(name: string | undefined): void {
  if (name !== undefined && OUR_HEADERS.test(name)) {
    throw credentialsRefused('this header says how the request is sent; choose another one');
  }
}

/** A line break in a header would be a header of its own. */
function checkCredentials({ user, secret }: SourceCredentials, header: string | undefined): void {
  if (header !== undefined && user !== '') {
    throw credentialsRefused('a header of its own carries the secret alone, without a user');
  }
  if (user.includes(':')) throw credentialsRefused('a user name for HTTP has no colon');
  if (user === '' && !/^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(secret)) {
    throw credentialsRefused('a secret that is sent as it is has visible ASCII characters only');
  }
}
