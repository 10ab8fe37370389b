import type { IncomingMessage } from 'node:http';
import type { Egress } from '../../net/egress.js';
import type { SourceCredentials } from '../../sources/source-config.js';
import { fetchTooManyFiles } from '../connectors.errors.js';
import { bodyBytes } from '../http/http-body.js';
import { contentOf } from '../http/http-content.js';
import { gunzipped, limited } from '../http/http-decoding.js';
import { sendHop } from '../http/http-hop.js';
import { Watchdog } from '../http/watchdog.js';
import type { Patience } from '../http/watchdog.js';
import { sourceAnswerRefused, sourceChanged } from '../reading.errors.js';
import { bodyOf, refuseFailure } from './s3-answer.js';
import { parsePage } from './s3-listing.js';
import type { S3Object, S3Page } from './s3-listing.js';
import { signedHeaders } from './s3-signature.js';
import type { UnsignedRequest } from './s3-signature.js';
import { encodeSegment, keyPath } from './s3-target.js';
import type { S3Target } from './s3-target.js';

/** A page has 1,000 keys of at most 1,024 bytes, each perhaps percent-encoded. */
const MAXIMUM_PAGE_BYTES = 8 * 1024 * 1024;

/** The object is another one now, or shorter: there is no such rest. */
const REPLACED: ReadonlySet<number> = new Set([412, 416]);

/** How a bucket is reached. */
export interface S3Access {
  readonly egress: Egress;
  readonly target: S3Target;
  /** Null for a bucket that anybody may read. */
  readonly credentials: SourceCredentials | null;
  readonly patience: Patience;
}

/** An object, once it is open. */
export interface OpenObject {
  /** Null when the server does not say. */
  readonly mediaType: string | null;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Reads one bucket: lists it, and opens its objects. Stateless; throws DomainErrors without credentials. */
export class S3Bucket {
  constructor(private readonly access: S3Access) {}

  /**
   * The objects whose keys start so, in the order of the bytes of their keys; markers of folders left out. Stops at
   * `limit` when `isSample`, else throws `fetch_too_many_files` beyond it.
   */
  async list(prefix: string, limit: number, isSample: boolean, signal: AbortSignal): Promise<S3Object[]> {
    const objects: S3Object[] = [];
    const seen = new Set<string>();
    let token: string | undefined;
    do {
      const page = await this.page(prefix, token, signal);
      objects.push(...page.objects.filter(({ key, sizeBytes }) => !(key.endsWith('/') && sizeBytes === 0)));
      if (objects.length > limit) {
        if (isSample) break;
        throw fetchTooManyFiles(limit);
      }
      token = page.continuationToken;
      if (token !== undefined && seen.has(token)) {
        throw sourceAnswerRefused(this.access.target.host, 'its listing goes round in a circle');
      }
      if (token !== undefined) seen.add(token);
    } while (token !== undefined);
    return objects.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  /** Size and ETag of one object. */
  async head(key: string, signal: AbortSignal): Promise<S3Object> {
    const { host } = this.access.target;
    return this.watched(signal, async (whole) => {
      const { headers } = await this.send({ method: 'HEAD', key }, whole);
      const size = headers['content-length'] ?? '';
      if (!/^\d{1,15}$/.test(size))
        throw sourceAnswerRefused(host, 'it does not say how large the object is');
      return { key, sizeBytes: Number(size), etag: headers.etag ?? '' };
    });
  }

  /**
   * Opens an object and hands it to `use`; nothing of it goes on after that has returned. Throws `source_changed` as
   * soon as it is another object than the one that was listed, also when a body that broke off is taken up again.
   */
  async open<T>(
    object: S3Object,
    limitBytes: number,
    signal: AbortSignal,
    use: (open: OpenObject) => Promise<T>,
  ): Promise<T> {
    const { host } = this.access.target;
    const condition: Record<string, string> = object.etag === '' ? {} : { 'if-match': object.etag };
    return this.watched(signal, async (whole, watchdog) => {
      const response = await this.send({ method: 'GET', key: object.key, headers: condition }, whole);
      const content = contentOf(response, host, limitBytes);
      if (content.announcedBytes !== undefined && content.announcedBytes !== object.sizeBytes) {
        throw sourceChanged(host);
      }
      const askFrom = async (offsetBytes: number, etag: string) => {
        const headers = { range: `bytes=${offsetBytes}-`, 'if-match': etag };
        const rest = await this.ask({ method: 'GET', key: object.key, headers }, whole);
        if (!REPLACED.has(rest.statusCode ?? 0)) await refuseFailure(rest, host);
        return rest;
      };
      const body = bodyBytes({ host, response, content, askFrom, signal: whole });
      const sent = limited(noted(body, watchdog), limitBytes);
      const bytes = content.coding === 'gzip' ? limited(gunzipped(sent, host), limitBytes) : sent;
      return use({ mediaType: content.mediaType === '' ? null : content.mediaType, bytes });
    });
  }

  private page(prefix: string, token: string | undefined, signal: AbortSignal): Promise<S3Page> {
    const { host } = this.access.target;
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': '1000',
      prefix,
      ...(token !== undefined && { 'continuation-token': token }),
    };
    return this.watched(signal, async (whole, watchdog) => {
      const response = await this.send({ method: 'GET', query }, whole);
      const xml = await bodyOf(response, host, MAXIMUM_PAGE_BYTES);
      watchdog.received(xml.length);
      return parsePage(xml, host);
    });
  }

  /** Runs one request and what belongs to it, for as long as patience lasts. */
  private async watched<T>(
    signal: AbortSignal,
    work: (whole: AbortSignal, watchdog: Watchdog) => Promise<T>,
  ): Promise<T> {
    const watchdog = new Watchdog(this.access.target.host, this.access.patience);
    const ending = new AbortController();
    try {
      return await work(AbortSignal.any([signal, watchdog.signal, ending.signal]), watchdog);
    } catch (error) {
      // However the end of patience or of the caller shows in the streams, it is the cause.
      watchdog.signal.throwIfAborted();
      signal.throwIfAborted();
      throw error;
    } finally {
      watchdog.stop();
      ending.abort();
    }
  }

  private async send(what: S3Request, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.ask(what, signal);
    await refuseFailure(response, this.access.target.host);
    return response;
  }

  private async ask(what: S3Request, signal: AbortSignal): Promise<IncomingMessage> {
    const { egress, target, credentials } = this.access;
    const path = `${target.root}/${what.key === undefined ? '' : keyPath(what.key)}`;
    const query = what.query ?? {};
    const search = Object.entries(query).map(([name, value]) => `${name}=${encodeSegment(value)}`);
    const request: UnsignedRequest = {
      method: what.method,
      path,
      query,
      headers: { 'user-agent': 'aimass', 'accept-encoding': 'identity', ...what.headers },
    };
    const headers = await signedHeaders(target, credentials, request);
    const url = new URL(`${target.origin}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`);
    return sendHop(egress, { method: what.method, url, headers }, signal);
  }
}

interface S3Request {
  readonly method: 'GET' | 'HEAD';
  /** Undefined for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function* noted(bytes: AsyncIterable<Buffer>, watchdog: Watchdog): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    watchdog.received(chunk.length);
    yield chunk;
  }
}
