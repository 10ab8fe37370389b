import type { dataSources } from '@aimass/contracts';
import type { Upload } from './upload.entity.js';
import { uploadMalformed } from './uploads.errors.js';
import type { Incoming } from './uploads.service.js';

export function toUploadProto(upload: Upload): dataSources.Upload {
  const { id, filename, sizeBytes, sha256, createdAt } = upload;
  return { id, filename, sizeBytes, sha256, createdAt };
}

/** Reads the header, which must come first; the chunks are read as they are asked for. */
export async function toIncoming(requests: AsyncIterable<dataSources.UploadRequest>): Promise<Incoming> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'header') throw uploadMalformed('the first message must carry the header');
  const { organizationId, filename, expectedSha256, expectedSizeBytes } = part.value;
  return {
    organizationId,
    filename,
    announced: { sha256: expectedSha256, sizeBytes: BigInt(expectedSizeBytes) },
    chunks: chunksOf({ [Symbol.asyncIterator]: () => iterator }),
  };
}

async function* chunksOf(rest: AsyncIterable<dataSources.UploadRequest>): AsyncGenerator<Buffer> {
  for await (const { part } of rest) {
    if (part?.$case !== 'chunk') throw uploadMalformed('only chunks may follow the header');
    yield part.value;
  }
}
