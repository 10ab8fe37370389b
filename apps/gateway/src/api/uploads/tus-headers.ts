import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@aimass/platform-errors';

/** The version of the protocol that is spoken: https://tus.io/protocols/resumable-upload */
export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = 'creation,creation-with-upload,termination,expiration,checksum';
export const TUS_CHECKSUM_ALGORITHMS = 'sha256,sha1,md5';
/** Media type of bytes for an upload. */
export const TUS_CONTENT_TYPE = 'application/offset+octet-stream';

/** The digest of a request's bytes; without an algorithm none was sent. */
export interface TusChecksum {
  readonly checksumAlgorithm: string;
  readonly checksum: Buffer;
}

const invalid = (message: string) => new DomainError('invalid', 'request_invalid', message);

/** Throws `tus_version_unsupported` when the client speaks another version. */
export function checkTusVersion(headers: IncomingHttpHeaders): void {
  if (headers['tus-resumable'] === TUS_VERSION) return;
  throw new DomainError(
    'precondition_failed',
    'tus_version_unsupported',
    `Send "Tus-Resumable: ${TUS_VERSION}": this server speaks no other version of the tus protocol.`,
  );
}

/** Throws `media_type_unsupported` when the body is not bytes for an upload. */
export function checkTusContentType(headers: IncomingHttpHeaders): void {
  if (headers['content-type'] === TUS_CONTENT_TYPE) return;
  throw new DomainError(
    'unsupported_media',
    'media_type_unsupported',
    `Send the bytes of an upload as ${TUS_CONTENT_TYPE}.`,
  );
}

/** A header that is a number of bytes. */
export function byteCount(headers: IncomingHttpHeaders, name: 'upload-length' | 'upload-offset'): string {
  const value = headers[name];
  // 15 digits fit a double, which a size is once it is checked.
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return String(Number(value));
  const hint =
    headers['upload-defer-length'] === undefined ? '' : ' A size that is told later is not supported.';
  throw invalid(`Send ${name} as a number of bytes.${hint}`);
}

/** The `Upload-Checksum` header. */
export function checksumOf(headers: IncomingHttpHeaders): TusChecksum {
  const value = headers['upload-checksum'];
  if (value === undefined) return { checksumAlgorithm: '', checksum: Buffer.alloc(0) };
  const [, algorithm = '', base64 = ''] = /^(\w+) ([A-Za-z0-9+/]+={0,2})$/.exec(String(value)) ?? [];
  if (TUS_CHECKSUM_ALGORITHMS.split(',').includes(algorithm)) {
    return { checksumAlgorithm: algorithm, checksum: Buffer.from(base64, 'base64') };
  }
  throw invalid(
    `Send Upload-Checksum as an algorithm (${TUS_CHECKSUM_ALGORITHMS}) and the digest in base64, with a space between.`,
  );
}

/** The `Upload-Metadata` header as it is, empty when absent, and the filename in it. */
export function metadataOf(headers: IncomingHttpHeaders): { metadata: string; filename: string } {
  const metadata = String(headers['upload-metadata'] ?? '').trim();
  if (metadata === '') return { metadata, filename: 'upload' };
  const values = new Map<string, string>();
  for (const pair of metadata.split(',')) {
    const [, key, base64 = ''] = /^([^\s,]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/.exec(pair.trim()) ?? [];
    if (key === undefined || values.has(key)) {
      throw invalid('Send Upload-Metadata as keys, each once, with values in base64: "filename dC5jc3Y=,…".');
    }
    values.set(key, Buffer.from(base64, 'base64').toString('utf8'));
  }
  return { metadata, filename: values.get('filename') ?? values.get('name') ?? 'upload' };
}
