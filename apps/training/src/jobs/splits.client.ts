import { Inject, Injectable } from '@nestjs/common';
import { dataSources } from '@aimass/contracts';
import type { BlobStore } from '@aimass/platform-blobs';
import { DomainError } from '@aimass/platform-errors';
import type { GrpcClient } from '@aimass/platform-grpc';
import { parsePreprocessing, preparedColumns } from '@aimass/platform-model-files';
import type { PreparedColumn } from '@aimass/platform-model-files';
import { BLOBS } from '@aimass/platform-service';
import type { Peer } from '@aimass/platform-service';
import type { DataColumn } from '../algorithms/columns.js';
import type { Channel } from './job.entity.js';
import { splitNotFound } from './jobs.errors.js';

const DATA_SOURCES = Symbol('DATA_SOURCES');
const definition = dataSources.DataSourcesServiceService;

/** Where splits come from. */
export function dataSourcesPeer(address: string): Peer {
  return { token: DATA_SOURCES, definition, address, name: 'data-sources' };
}

/** A split and what its data looks like. */
export interface SplitView {
  readonly datasetVersionId: string;
  /** Of the parts: after preprocessing, when there is any. */
  readonly columns: readonly DataColumn[];
  /** One per non-empty part. */
  readonly channels: readonly Channel[];
  /** Blob of the transforms that were fitted on train; empty when there are none. */
  readonly preprocessingSha256: string;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  [dataSources.ColumnType.DOUBLE]: 'double',
  [dataSources.ColumnType.INTEGER]: 'integer',
  [dataSources.ColumnType.BOOLEAN]: 'boolean',
  [dataSources.ColumnType.TEXT]: 'text',
  [dataSources.ColumnType.TIMESTAMP]: 'timestamp',
};
const CHANNELS = ['train', 'validation', 'test'];

/** Asks data-sources for splits. */
@Injectable()
export class SplitsClient {
  constructor(
    @Inject(DATA_SOURCES) private readonly peer: GrpcClient<typeof definition>,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /** Throws `not_found` when the organization has no such split, `unavailable` when nobody answers. */
  async get(organizationId: string, splitId: string): Promise<SplitView> {
    const { split, version } = await this.peer
      .getSplit({ organizationId, splitId })
      .catch((error: unknown) => {
        throw error instanceof DomainError && error.kind === 'not_found' ? splitNotFound(splitId) : error;
      });
    if (!split || !version) throw splitNotFound(splitId);
    return {
      datasetVersionId: version.id,
      columns: await this.columnsOf(version.columns.map(toDataColumn), split.preprocessingSha256),
      channels: split.parts
        .filter(({ name }) => CHANNELS.includes(name))
        .map(({ name, sha256 }) => ({ name, sha256 })),
      preprocessingSha256: split.preprocessingSha256,
    };
  }

  private async columnsOf(
    raw: readonly DataColumn[],
    preprocessingSha256: string,
  ): Promise<readonly DataColumn[]> {
    if (preprocessingSha256 === '') return raw;
    const preprocessing = parsePreprocessing(await this.blobs.read(preprocessingSha256));
    return preparedColumns(preprocessing).map((column) => toPreparedColumn(column, raw));
  }
}

function toPreparedColumn(
  { name, content, operations }: PreparedColumn,
  raw: readonly DataColumn[],
): DataColumn {
  const untouched = operations.length === 0 ? raw.find((column) => column.name === name) : undefined;
  if (untouched) return untouched;
  const isNumeric = content === 'number';
  const isRescaled = operations.some(({ op }) => op !== 'fill');
  return { name, type: isNumeric ? 'double' : content, isNumeric, isRescaled };
}

function toDataColumn({ name, type }: dataSources.Column): DataColumn {
  const isNumeric = type === dataSources.ColumnType.DOUBLE || type === dataSources.ColumnType.INTEGER;
  return { name, type: TYPE_NAMES[type] ?? 'of an unknown type', isNumeric };
}
