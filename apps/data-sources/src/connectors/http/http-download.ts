import type { OutgoingHttpHeaders } from 'node:http';
import type { Egress } from '../../net/egress.js';
import { sourceAnswerRefused } from '../reading.errors.js';
import { fileNameOf } from './file-name.js';
import { bodyBytes } from './http-body.js';
import { contentOf } from './http-content.js';
import { gunzipped, limited } from './http-decoding.js';
import { ask, refuseStatus } from './http-request.js';
import type { Answer, HttpTarget } from './http-request.js';
import { conditionsFor, validatorOf } from './http-validator.js';
import { Watchdog } from './watchdog.js';
import type { Patience } from './watchdog.js';

/** What is downloaded. */
export interface DownloadRequest extends HttpTarget {
  /** Of the last download; null for none. */
  readonly validator: string | null;
  /** Of the file, both as it is sent and unpacked. */
  readonly limitBytes: number;
}

/** A file on its way. */
export interface Download {
  readonly name: string;
  /** Lower case, without parameters; empty when the server does not say. */
  readonly mediaType: string;
  /** Undefined when the server does not say, or packs what it sends. */
  readonly sizeBytes: number | undefined;
  /** Names this state of the resource, for the next time; null when the server has no name for it. */
  readonly validator: string | null;
  /** The file. Throws what `connectors/reading.errors.ts` and `http.errors.ts` name. */
  readonly bytes: AsyncIterable<Buffer>;
}

/** Downloads files over HTTP, through the gate and within limits. */
export class HttpDownloads {
  constructor(
    private readonly egress: Egress,
    private readonly patience: Patience,
  ) {}

  /**
   * Asks for it and hands the download to `use`; nothing of it goes on after that has returned. Undefined, and
   * `use` is not called, when the server says that nothing has changed since the validator.
   */
  async download<T>(
    request: DownloadRequest,
    signal: AbortSignal,
    use: (download: Download) => Promise<T>,
  ): Promise<T | undefined> {
    const { validator, url } = request;
    const host = url.hostname;
    const watchdog = new Watchdog(host, this.patience);
    const ending = new AbortController();
    const whole = AbortSignal.any([signal, watchdog.signal, ending.signal]);
    try {
      const conditions = (hop: URL): OutgoingHttpHeaders => conditionsFor(validator, hop);
      const answer = await ask(this.egress, request, conditions, whole);
      refuseStatus(answer.response, host);
      if (answer.response.statusCode === 304 && validator !== null) return undefined;
      if (answer.response.statusCode !== 200) {
        throw sourceAnswerRefused(host, 'it is a part, or none, of what was asked for');
      }
      return await use(this.downloadOf(answer, request, whole, watchdog));
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

  private downloadOf(
    answer: Answer,
    request: DownloadRequest,
    signal: AbortSignal,
    watchdog: Watchdog,
  ): Download {
    const host = request.url.hostname;
    const { response, url } = answer;
    const { limitBytes } = request;
    const content = contentOf(response, host, limitBytes);
    const askFrom = async (offsetBytes: number, ifRange: string) => {
      const range = { range: `bytes=${offsetBytes}-`, 'if-range': ifRange };
      const rest = await ask(this.egress, request, () => range, signal);
      // 416: there is no such rest, so that it is another content now.
      if (rest.response.statusCode !== 416) refuseStatus(rest.response, host);
      return rest.response;
    };
    const sent = limited(
      watched(bodyBytes({ host, response, content, askFrom, signal }), watchdog),
      limitBytes,
    );
    const isPacked = content.coding === 'gzip';
    return {
      name: fileNameOf(response.headers, url),
      mediaType: content.mediaType,
      sizeBytes: isPacked ? undefined : content.announcedBytes,
      validator: validatorOf(response, url),
      bytes: isPacked ? limited(gunzipped(sent, host), limitBytes) : sent,
    };
  }
}

async function* watched(bytes: AsyncIterable<Buffer>, watchdog: Watchdog): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    watchdog.received(chunk.length);
    yield chunk;
  }
}
