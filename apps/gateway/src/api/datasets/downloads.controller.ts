import { Readable } from 'node:stream';
import { Controller, Inject, Param, Query, Res } from '@nestjs/common';
import { datasetVersions } from '@aimass/contracts';
import type { dataSources } from '@aimass/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, pathNumber } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES, DATASET_VERSIONS } from '../../peers.js';
import type { DataSourcesClient, DatasetVersionsClient } from '../../peers.js';
import { namesTag, requestedRange } from './byte-range.js';
import type { ByteRange } from './byte-range.js';
import { downloadQuery } from './datasets.schema.js';
import type { DownloadQuery } from './datasets.schema.js';

const FORMATS = {
  parquet: datasetVersions.DownloadFormat.PARQUET,
  csv: datasetVersions.DownloadFormat.CSV,
  arrow: datasetVersions.DownloadFormat.ARROW,
} as const;
/** A download that takes longer is given up; one of Parquet can go on where it stopped. */
const DOWNLOAD_MS = 3_600_000;

/** Dataset versions on their way out: streamed through, never held. */
@Controller()
export class DownloadsController {
  constructor(
    @Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient,
    @Inject(DATASET_VERSIONS) private readonly versions: DatasetVersionsClient,
  ) {}

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/download',
    summary: 'All rows as a file: Parquet (the snapshot; parts by Range), CSV or an Arrow stream',
    allow: 'read',
    query: downloadQuery,
    produces: 'application/octet-stream',
  })
  async download(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param() path: { dataset: string; number: string },
    @Query() { format }: DownloadQuery,
    @Res() reply: FastifyReply,
  ) {
    const { request } = reply;
    const reference = { versionId: '', dataset: path.dataset, number: pathNumber(path.number) };
    const version = await this.find(organizationId, reference);
    const tag = tagOf(version, format);
    reply.header('etag', tag);
    if (namesTag(request.headers['if-none-match'], tag)) return reply.status(304).send();
    const range = format === 'parquet' ? this.rangeOf(request, version, tag) : null;
    if (range === 'unsatisfiable') return outOfRange(reply, version);
    const parts = this.versions.downloadDatasetVersion(
      {
        organizationId,
        version: { ...reference, versionId: version.id },
        format: FORMATS[format],
        startByte: String(range?.start ?? 0),
        endByte: String(range?.end ?? 0),
      },
      { deadlineMs: DOWNLOAD_MS, signal: whileOpen(reply) },
    );
    const iterator = parts[Symbol.asyncIterator]();
    // What cannot be sent must be an error status, which it cannot be once the body has begun.
    describe(reply, headerOf(await iterator.next()), range);
    return reply.send(Readable.from(chunksOf(iterator), { highWaterMark: 1 }));
  }

  private async find(
    organizationId: string,
    reference: dataSources.DatasetVersionReference,
  ): Promise<dataSources.DatasetVersion> {
    const { version } = await this.dataSources.getDatasetVersion({ organizationId, ...reference });
    return present(version);
  }

  /** A part of another content than the caller has is of no use: then it gets the whole. */
  private rangeOf(request: FastifyRequest, version: dataSources.DatasetVersion, tag: string) {
    const condition = request.headers['if-range'];
    const isSame = condition === undefined || condition === tag;
    return isSame ? requestedRange(request.headers.range, Number(version.sizeBytes)) : null;
  }
}

/** The snapshot's tag is strong: it is the digest. Conversions are the same rows, byte for byte only by chance of version. */
function tagOf({ sha256 }: dataSources.DatasetVersion, format: DownloadQuery['format']): string {
  return format === 'parquet' ? `"${sha256}"` : `W/"${sha256}-${format}"`;
}

function outOfRange(reply: FastifyReply, { sizeBytes }: dataSources.DatasetVersion) {
  const detail = `The file has ${sizeBytes} bytes; the part asked for begins after its end.`;
  return reply
    .status(416)
    .header('content-range', `bytes */${sizeBytes}`)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'urn:aimass:error:data_sources.range_not_satisfiable',
        title: 'Range not satisfiable',
        status: 416,
        detail,
        code: 'data_sources.range_not_satisfiable',
        requestId: reply.request.id,
      }),
    );
}

/** Status and headers: digests as in RFC 9530, of the content only where that is the whole file. */
function describe(
  reply: FastifyReply,
  { mediaType, filename, sizeBytes, sha256 }: datasetVersions.DownloadHeader,
  range: ByteRange | null,
): void {
  reply.header('content-disposition', `attachment; filename="${filename.replaceAll(/[^\w.-]/g, '_')}"`);
  reply.type(mediaType);
  if (sizeBytes === undefined) return;
  const digest = `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
  reply.header('accept-ranges', 'bytes').header('repr-digest', digest);
  if (range) {
    const { start, end } = range;
    reply.status(206).header('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
    reply.header('content-length', String(end - start));
  } else {
    reply.header('content-digest', digest).header('content-length', sizeBytes);
  }
}

/** Aborts when the connection ends: nobody converts rows for a client that is gone. */
function whileOpen(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.on('close', () => abort.abort());
  return abort.signal;
}

type DownloadPart = IteratorResult<datasetVersions.DownloadDatasetVersionResponse, unknown>;

function headerOf(first: DownloadPart): datasetVersions.DownloadHeader {
  const part = first.done ? undefined : first.value.part;
  if (part?.$case === 'header') return part.value;
  throw new Error('a download came without a header');
}

async function* chunksOf(
  parts: AsyncIterator<datasetVersions.DownloadDatasetVersionResponse>,
): AsyncGenerator<Uint8Array> {
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    if (next.value.part?.$case === 'chunk') yield next.value.part.value;
  }
}
