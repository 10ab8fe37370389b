import { uploadMalformed } from './uploads.errors.js';

/** No chunk of an upload is larger. */
const MAX_CHUNK_BYTES = 1024 * 1024;

/** Throws `upload_malformed` for a chunk that is too large to be held. */
export function checkChunk(chunk: Buffer): void {
  if (chunk.length > MAX_CHUNK_BYTES)
    throw uploadMalformed(`a chunk is larger than ${MAX_CHUNK_BYTES} bytes`);
}

/** The filename, when it is a sane one. */
export function checkFilename(filename: string): string {
  // Control characters would corrupt logs and pages, and Postgres refuses NUL.
  if (filename.length > 255 || /[\u0000-\u001f\u007f]/.test(filename)) {
    throw uploadMalformed('the filename must have at most 255 characters and no control characters');
  }
  return filename;
}
