import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { dataSources } from '@aimass/contracts';
import { Caller, IdempotencyKey, pageQuery, pathNumber } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES } from '../../peers.js';
import type { DataSourcesClient } from '../../peers.js';
import { acceptedSync } from '../syncs/accepted-sync.js';
import { createDatasetBody, createVersionBody } from './datasets.schema.js';
import type { CreateDatasetBody, CreateVersionBody } from './datasets.schema.js';

/** Longer than data-sources waits for an import before it answers with the sync. */
const IMPORT = { deadlineMs: 90_000 };

/** Datasets and their versions. */
@Controller()
export class DatasetsController {
  constructor(@Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient) {}

  @Route({
    method: 'post',
    path: '/datasets',
    summary: 'Import an upload, or the rows of a version, as a new dataset',
    allow: 'develop',
    body: createDatasetBody,
    response: 'aimass.data_sources.v1.CreateDatasetResponse',
    accepted: 'aimass.data_sources.v1.Sync',
    status: 201,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateDatasetBody,
  ) {
    const response = await this.dataSources.createDataset(
      { organizationId, requestId, name: body.name, ...toOrigin(body) },
      IMPORT,
    );
    if (response.sync) return acceptedSync(response.sync);
    return dataSources.CreateDatasetResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/datasets',
    summary: 'List datasets',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListDatasetsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    return dataSources.ListDatasetsResponse.toJSON(
      await this.dataSources.listDatasets({ organizationId, ...page }),
    );
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset',
    summary: 'Get a dataset by id or name',
    allow: 'read',
    response: 'aimass.data_sources.v1.Dataset',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('dataset') dataset: string) {
    const response = await this.dataSources.getDataset({ organizationId, dataset });
    return dataSources.Dataset.toJSON(present(response.dataset));
  }

  @Route({
    method: 'post',
    path: '/datasets/:dataset/versions',
    summary: 'Import an upload, or the rows of a version, as the next version',
    allow: 'develop',
    body: createVersionBody,
    response: 'aimass.data_sources.v1.DatasetVersion',
    accepted: 'aimass.data_sources.v1.Sync',
    status: 201,
  })
  async createVersion(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('dataset') dataset: string,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateVersionBody,
  ) {
    const { version, sync } = await this.dataSources.createDatasetVersion(
      { organizationId, requestId, dataset, ...toOrigin(body) },
      IMPORT,
    );
    if (sync) return acceptedSync(sync);
    return dataSources.DatasetVersion.toJSON(present(version));
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions',
    summary: "List a dataset's versions",
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListDatasetVersionsResponse',
  })
  async listVersions(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('dataset') dataset: string,
    @Query() page: PageQuery,
  ) {
    const response = await this.dataSources.listDatasetVersions({ organizationId, dataset, ...page });
    return dataSources.ListDatasetVersionsResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number',
    summary: 'Get a version with its schema and statistics',
    allow: 'read',
    response: 'aimass.data_sources.v1.DatasetVersion',
  })
  async getVersion(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('dataset') dataset: string,
    @Param('number') number: string,
  ) {
    const { version } = await this.dataSources.getDatasetVersion({
      organizationId,
      dataset,
      number: pathNumber(number),
      versionId: '',
    });
    return dataSources.DatasetVersion.toJSON(present(version));
  }
}

function toOrigin({ uploadId, derivedFrom, recipe }: CreateVersionBody) {
  return {
    uploadId: uploadId ?? '',
    derivedFrom: derivedFrom && { versionId: derivedFrom.version, dataset: '', number: 0 },
    recipeJson: recipe ? JSON.stringify(recipe) : '',
  };
}
