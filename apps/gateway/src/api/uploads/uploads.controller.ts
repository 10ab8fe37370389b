import { Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { dataSources } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Caller } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES } from '../../peers.js';
import type { DataSourcesClient } from '../../peers.js';
import { TusUploads } from './tus-uploads.js';

const uploadQuery = z.strictObject({
  filename: z.string().min(1).max(255).default('upload').describe("the file's name, for people"),
});
/** An upload that takes longer is given up. */
const UPLOAD_DEADLINE_MS = 3_600_000;

/** Files on their way in: streamed through, never held. */
@Controller()
export class UploadsController {
  constructor(
    @Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient,
    private readonly tus: TusUploads,
  ) {}

  @Route({
    method: 'post',
    path: '/uploads',
    summary:
      'Upload a file; with the header Tus-Resumable, begin an upload that may come in pieces (tus 1.0)',
    allow: 'develop',
    query: uploadQuery,
    consumes: 'application/octet-stream',
    response: 'aimass.data_sources.v1.Upload',
    status: 201,
  })
  async create(
    @Caller() caller: AuthenticatedKey,
    @Query() query: z.infer<typeof uploadQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (request.headers['tus-resumable'] !== undefined) return this.tus.create({ caller, request, reply });
    const { body } = request;
    if (!(body instanceof Readable)) {
      throw new DomainError(
        'unsupported_media',
        'media_type_unsupported',
        'Send the file itself as the body, as text/csv or application/octet-stream.',
      );
    }
    const header = {
      organizationId: caller.organizationId,
      filename: query.filename,
      expectedSha256: expectedSha256(request.headers['content-digest']),
      expectedSizeBytes: request.headers['content-length'] ?? '0',
    };
    const { upload } = await this.dataSources.upload(uploadParts(header, body), {
      deadlineMs: UPLOAD_DEADLINE_MS,
    });
    return dataSources.Upload.toJSON(present(upload));
  }

  @Route({
    method: 'get',
    path: '/uploads/:upload',
    summary: 'Get a complete upload',
    allow: 'read',
    response: 'aimass.data_sources.v1.Upload',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('upload') uploadId: string) {
    const { upload } = await this.dataSources.getUpload({ organizationId, uploadId });
    return dataSources.Upload.toJSON(present(upload));
  }
}

async function* uploadParts(
  header: dataSources.UploadHeader,
  body: Readable,
): AsyncIterable<dataSources.UploadRequest> {
  yield { part: { $case: 'header', value: header } };
  for await (const chunk of body) yield { part: { $case: 'chunk', value: chunk as Buffer } };
}

/** The SHA-256 of a `Content-Digest` header (RFC 9530) in hex; empty when there is none. */
function expectedSha256(header: string | string[] | undefined): string {
  const base64 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(String(header ?? ''))?.[1];
  return base64 === undefined ? '' : Buffer.from(base64, 'base64').toString('hex');
}
