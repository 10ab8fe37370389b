import { createHash } from 'node:crypto';
import { checkChunk } from './upload-checks.js';
import { uploadCut, uploadDigestMismatch, uploadLongerThanAnnounced } from './uploads.errors.js';

/** What the client announced about the content. */
export interface Announced {
  /** Lower-case hex; empty when not announced. */
  readonly sha256: string;
  /** 0 when not announced. */
  readonly sizeBytes: bigint;
}

/**
 * Passes the chunks through and compares them with what was announced. It fails before the last byte has been
 * acknowledged by the blob store, so that content that was cut or changed leaves nothing behind.
 */
export async function* checkedContent(
  chunks: AsyncIterable<Buffer>,
  announced: Announced,
): AsyncGenerator<Buffer> {
  const hash = announced.sha256 === '' ? undefined : createHash('sha256');
  let sizeBytes = 0n;
  for await (const chunk of chunks) {
    checkChunk(chunk);
    sizeBytes += BigInt(chunk.length);
    if (announced.sizeBytes > 0n && sizeBytes > announced.sizeBytes) {
      throw uploadLongerThanAnnounced(announced.sizeBytes);
    }
    hash?.update(chunk);
    yield chunk;
  }
  if (sizeBytes < announced.sizeBytes) throw uploadCut(announced.sizeBytes, sizeBytes);
  if (hash && hash.digest('hex') !== announced.sha256) throw uploadDigestMismatch();
}
