import { createHash, createHmac } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SourceCredentials } from '../../sources/source-config.js';
import type { S3Target } from './s3-target.js';

/** One request, before it is signed. The path is percent-encoded, the query is not. */
export interface UnsignedRequest {
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers of the request with its signature (AWS Signature Version 4); as they are without credentials. */
export async function signedHeaders(
  target: S3Target,
  credentials: SourceCredentials | null,
  request: UnsignedRequest,
): Promise<OutgoingHttpHeaders> {
  const { host, protocol } = new URL(target.origin);
  if (!credentials || credentials.secret === '') return { ...request.headers };
  const { user, secret, sessionToken } = credentials;
  const signer = new SignatureV4({
    service: 's3',
    region: target.region,
    credentials: {
      accessKeyId: user,
      secretAccessKey: secret,
      ...(sessionToken !== '' && { sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { headers } = await signer.sign({
    ...request,
    query: { ...request.query },
    protocol,
    hostname: host,
    headers: { ...request.headers, host },
  });
  return headers;
}

/** The hash that the signer wants, by the crypto of Node; with a secret, an HMAC. */
class Sha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
