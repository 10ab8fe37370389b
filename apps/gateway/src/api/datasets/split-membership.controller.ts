import { Readable } from 'node:stream';
import { Controller, Inject, Param, Query, Res } from '@nestjs/common';
import { dataSources, datasetVersions } from '@aimass/contracts';
import type { splits } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { FastifyReply } from 'fastify';
import { Caller, pathNumber } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES, SPLITS } from '../../peers.js';
import type { DataSourcesClient, SplitsClient } from '../../peers.js';
import { membershipQuery } from './splits.schema.js';
import type { MembershipQuery } from './splits.schema.js';

const FORMATS = {
  parquet: datasetVersions.DownloadFormat.PARQUET,
  csv: datasetVersions.DownloadFormat.CSV,
} as const;
/** Ten million rows on a slow line. */
const EXPORT_MS = 600_000;

interface SplitPath {
  readonly dataset: string;
  readonly number: string;
  readonly split: string;
}

/** One split, and which row is in which of its parts. */
@Controller()
export class SplitMembershipController {
  constructor(
    @Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient,
    @Inject(SPLITS) private readonly splits: SplitsClient,
  ) {}

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/splits/:split',
    summary: 'Get a split by id',
    allow: 'read',
    response: 'aimass.data_sources.v1.Split',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param() path: SplitPath) {
    return dataSources.Split.toJSON(await this.find(organizationId, path));
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/splits/:split/membership',
    summary: 'Which row is in which part: row_index (from 0) and part, in the order of the rows',
    allow: 'read',
    query: membershipQuery,
    produces: 'application/octet-stream',
  })
  async membership(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param() path: SplitPath,
    @Query() query: MembershipQuery,
    @Res() reply: FastifyReply,
  ) {
    const { id: splitId } = await this.find(organizationId, path);
    const abort = new AbortController();
    reply.raw.on('close', () => abort.abort());
    const parts = this.splits.exportSplitMembership(
      { organizationId, splitId, format: FORMATS[query.format] },
      { deadlineMs: EXPORT_MS, signal: abort.signal },
    );
    const iterator = parts[Symbol.asyncIterator]();
    // What cannot be sent must be an error status, which it cannot be once the body has begun.
    const { mediaType, filename } = headerOf(await iterator.next());
    return reply
      .header('content-disposition', `attachment; filename="${filename.replaceAll(/[^\w.-]/g, '_')}"`)
      .type(mediaType)
      .send(Readable.from(chunksOf(iterator)));
  }

  /** A split of another version is absent here. */
  private async find(organizationId: string, { dataset, number, split: splitId }: SplitPath) {
    const { split, version } = await this.dataSources.getSplit({ organizationId, splitId });
    const { datasetId, datasetName, number: versionNumber } = present(version);
    const isOfVersion = [datasetId, datasetName].includes(dataset) && versionNumber === pathNumber(number);
    if (isOfVersion) return present(split);
    throw new DomainError(
      'not_found',
      'data_sources.split_not_found',
      `There is no split "${splitId}" of this version.`,
    );
  }
}

type MembershipPart = IteratorResult<splits.ExportSplitMembershipResponse, unknown>;

function headerOf(first: MembershipPart): datasetVersions.DownloadHeader {
  const part = first.done ? undefined : first.value.part;
  if (part?.$case === 'header') return part.value;
  throw new Error('the membership came without a header');
}

async function* chunksOf(
  parts: AsyncIterator<splits.ExportSplitMembershipResponse>,
): AsyncGenerator<Uint8Array> {
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    if (next.value.part?.$case === 'chunk') yield next.value.part.value;
  }
}
