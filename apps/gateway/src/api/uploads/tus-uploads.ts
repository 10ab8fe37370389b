import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { uploads } from '@aimass/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../http/present.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { UPLOADS } from '../../peers.js';
import type { UploadsClient } from '../../peers.js';
import {
  byteCount,
  checksumOf,
  checkTusContentType,
  checkTusVersion,
  metadataOf,
  TUS_CHECKSUM_ALGORITHMS,
  TUS_EXTENSIONS,
  TUS_VERSION,
} from './tus-headers.js';

/** A request that takes longer is given up; the client goes on in another one. */
const APPEND_DEADLINE_MS = 3_600_000;
/** Whoever asks how far an upload is waits while its last bytes become a file. */
const OFFSET_DEADLINE_MS = 300_000;

/** A request of the tus protocol, who sent it, and where its answer goes. */
export interface TusExchange {
  readonly caller: AuthenticatedKey;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Where the bytes of a request go. */
type AppendHeader = uploads.AppendUploadHeader;

/**
 * The tus 1.0 protocol over the uploads of data-sources: bodies are streamed through, never held, and nothing is kept
 * here.
 */
@Injectable()
export class TusUploads {
  constructor(@Inject(UPLOADS) private readonly uploads: UploadsClient) {}

  /** What is spoken here. */
  async describe({ reply }: Pick<TusExchange, 'reply'>): Promise<void> {
    const { maxSizeBytes } = await this.uploads.getUploadLimits({});
    reply.headers({
      'tus-resumable': TUS_VERSION,
      'tus-version': TUS_VERSION,
      'tus-extension': TUS_EXTENSIONS,
      'tus-checksum-algorithm': TUS_CHECKSUM_ALGORITHMS,
      'tus-max-size': maxSizeBytes,
    });
  }

  /** Begins an upload, perhaps with its first bytes. */
  async create(exchange: TusExchange): Promise<void> {
    const { caller, request, reply } = begin(exchange);
    const { organizationId } = caller;
    const { headers, body } = request;
    const hasBytes = body !== undefined && body !== null;
    if (hasBytes) checkTusContentType(headers);
    const sizeBytes = byteCount(headers, 'upload-length');
    const checksum = checksumOf(headers);
    const created = await this.uploads.createUpload({ organizationId, sizeBytes, ...metadataOf(headers) });
    const upload = present(created.upload);
    reply.header('location', `/api/v1/uploads/${upload.id}`);
    if (!hasBytes) {
      tellExpiry(reply, upload);
      return;
    }
    const header = { organizationId, uploadId: upload.id, offsetBytes: '0', ...checksum };
    tellOffset(reply, await this.append(header, body));
  }

  /** How far an upload is. */
  async tell(exchange: TusExchange, uploadId: string): Promise<void> {
    const { caller, reply } = begin(exchange);
    const reference = { organizationId: caller.organizationId, uploadId };
    const answer = await this.uploads.getUploadOffset(reference, { deadlineMs: OFFSET_DEADLINE_MS });
    const upload = present(answer.upload);
    tellOffset(reply, upload);
    reply.headers({ 'upload-length': upload.sizeBytes, 'cache-control': 'no-store' });
    if (upload.metadata !== '') reply.header('upload-metadata', upload.metadata);
  }

  /** Adds the bytes of the request. */
  async receive(exchange: TusExchange, uploadId: string): Promise<void> {
    const { caller, request, reply } = begin(exchange);
    const { headers, body } = request;
    checkTusContentType(headers);
    const offsetBytes = byteCount(headers, 'upload-offset');
    const { organizationId } = caller;
    tellOffset(
      reply,
      await this.append({ organizationId, uploadId, offsetBytes, ...checksumOf(headers) }, body),
    );
  }

  /** Takes an unfinished upload away. */
  async terminate(exchange: TusExchange, uploadId: string): Promise<void> {
    const { organizationId } = begin(exchange).caller;
    await this.uploads.terminateUpload({ organizationId, uploadId });
  }

  private async append(header: AppendHeader, body: unknown): Promise<uploads.PartialUpload> {
    const content = body instanceof Readable ? body : Readable.from([]);
    const options = { deadlineMs: APPEND_DEADLINE_MS };
    return present((await this.uploads.appendUpload(appendParts(header, content), options)).upload);
  }
}

/** Every answer names the version, those to a client that speaks another one included. */
function begin(exchange: TusExchange): TusExchange {
  exchange.reply.headers({ 'tus-resumable': TUS_VERSION, 'tus-version': TUS_VERSION });
  checkTusVersion(exchange.request.headers);
  return exchange;
}

function tellOffset(reply: FastifyReply, upload: uploads.PartialUpload): void {
  reply.header('upload-offset', upload.offsetBytes);
  tellExpiry(reply, upload);
}

function tellExpiry(reply: FastifyReply, { expiresAt }: uploads.PartialUpload): void {
  if (expiresAt) reply.header('upload-expires', expiresAt.toUTCString());
}

async function* appendParts(
  header: AppendHeader,
  body: Readable,
): AsyncIterable<uploads.AppendUploadRequest> {
  yield { part: { $case: 'header', value: header } };
  const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  for (;;) {
    // A body that breaks off is no failure: what has come is kept, and the client goes on from there.
    const next = await chunks.next().catch(() => ({ done: true, value: undefined }) as const);
    if (next.done === true) return;
    yield { part: { $case: 'chunk', value: next.value } };
  }
}
