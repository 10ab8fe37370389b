import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fetchTooLarge } from '../connectors.errors.js';
import { sourceAnswerRefused, sourceCut } from '../reading.errors.js';
import { compressionRefused } from './http.errors.js';

/** Tables rarely shrink to less than a hundredth; what grows by more was made to. */
const MAXIMUM_RATIO = 100;
/** A small file may: it harms nobody. */
const UNCHECKED_BYTES = 10 * 1024 * 1024;

/** Passes bytes through, up to a limit. Throws `fetch_too_large` beyond. */
export async function* limited(bytes: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw fetchTooLarge(limitBytes);
    yield chunk;
  }
}

/**
 * Unpacks gzip as it comes. Throws `compression_refused` when it grows by more than a hundred times,
 * `source_answer_refused` when it is no gzip, and `source_cut` when its end is missing.
 */
export async function* gunzipped(bytes: AsyncIterable<Buffer>, host: string): AsyncGenerator<Buffer> {
  let packedBytes = 0;
  let unpackedBytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      packedBytes += chunk.length;
      yield chunk;
    }
  }
  const gunzip = createGunzip();
  // The error reaches the reader below through the stream itself.
  pipeline(Readable.from(counted(), { highWaterMark: 1 }), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.length;
      if (unpackedBytes > UNCHECKED_BYTES && unpackedBytes > packedBytes * MAXIMUM_RATIO) {
        throw compressionRefused(host, MAXIMUM_RATIO);
      }
      yield chunk;
    }
  } catch (error) {
    throw zlibError(error, host, packedBytes);
  }
}

function zlibError(error: unknown, host: string, packedBytes: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return sourceCut(host, packedBytes, error);
  return code.startsWith('Z_') ? sourceAnswerRefused(host, 'its gzip is broken') : error;
}
