import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { fetchTooLarge } from '../connectors.errors.js';
import { sourceAnswerRefused } from '../reading.errors.js';

/** What the headers of an answer say about its content. */
export interface Content {
  /** Of the content as it is sent; undefined when it comes in chunks. */
  readonly announcedBytes: number | undefined;
  readonly coding: 'identity' | 'gzip';
  /** For If-Range: names these very bytes; undefined when the server has no name for them. */
  readonly strongValidator: string | undefined;
  readonly mediaType: string;
}

/**
 * Reads the headers of a 200. Throws `source_answer_refused` for content whose end could not be told from a connection
 * that was cut, and for content in a coding we did not ask for, and `fetch_too_large` for what announces too much.
 */
export function contentOf(response: IncomingMessage, host: string, limitBytes: number): Content {
  const { headers } = response;
  const announced = headers['content-length'];
  const isChunked = /\bchunked\s*$/i.test(headers['transfer-encoding'] ?? '');
  if (announced === undefined && !isChunked) {
    throw sourceAnswerRefused(
      host,
      'it has neither a Content-Length nor chunks, so that a cut would look like its end',
    );
  }
  const announcedBytes = announced === undefined ? undefined : Number(announced);
  if (announcedBytes !== undefined && announcedBytes > limitBytes) throw fetchTooLarge(limitBytes);
  return {
    announcedBytes,
    coding: codingOf(headers, host),
    strongValidator: strongValidator(headers),
    mediaType: (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
  };
}

/** Whether a 206 goes on with the same bytes at the offset. */
export function continues(response: IncomingMessage, content: Content, offsetBytes: number): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '');
  if (!range || Number(range[1]) !== offsetBytes) return false;
  if (
    range[2] !== '*' &&
    content.announcedBytes !== undefined &&
    Number(range[2]) !== content.announcedBytes
  ) {
    return false;
  }
  const validator = strongValidator(response.headers);
  return validator === undefined || validator === content.strongValidator;
}

function codingOf(headers: IncomingHttpHeaders, host: string): Content['coding'] {
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === '' || coding === 'identity') return 'identity';
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip';
  throw sourceAnswerRefused(host, 'it has a content encoding that was not asked for');
}

/** A date names the content only when the content could not have changed again within the same second. */
function strongValidator(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date } = headers;
  const modified = headers['last-modified'];
  if (etag !== undefined) return etag.startsWith('"') ? etag : undefined;
  if (modified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(modified) >= 60_000 ? modified : undefined;
}
