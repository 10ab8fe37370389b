import type { uploads } from '@aimass/contracts';
import type { AppendRequest } from './resumable-uploads.service.js';
import type { Upload } from './upload.entity.js';
import { uploadMalformed } from './uploads.errors.js';

export function toPartialUploadProto(upload: Upload): uploads.PartialUpload {
  const { id, filename, sizeBytes, offsetBytes, isComplete, metadata } = upload;
  return {
    ...{ id, filename, sizeBytes, offsetBytes, isComplete, metadata },
    expiresAt: upload.expiresAt ?? undefined,
  };
}

/** Reads the header, which must come first; the chunks are read as they are asked for. */
export async function toAppendRequest(
  requests: AsyncIterable<uploads.AppendUploadRequest>,
): Promise<AppendRequest> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'header') throw uploadMalformed('the first message must carry the header');
  const { organizationId, uploadId, offsetBytes, checksumAlgorithm, checksum } = part.value;
  return {
    ...{ organizationId, uploadId, offsetBytes },
    checksum: checksumAlgorithm === '' ? undefined : { algorithm: checksumAlgorithm, digest: checksum },
    chunks: chunksOf({ [Symbol.asyncIterator]: () => iterator }),
  };
}

async function* chunksOf(rest: AsyncIterable<uploads.AppendUploadRequest>): AsyncGenerator<Buffer> {
  for await (const { part } of rest) {
    if (part?.$case !== 'chunk') throw uploadMalformed('only chunks may follow the header');
    yield part.value;
  }
}
