import { Controller, Inject, Param, Query } from '@nestjs/common';
import { datasetVersions } from '@aimass/contracts';
import { Caller, pathNumber } from '../../http/parameters.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATASET_VERSIONS } from '../../peers.js';
import type { DatasetVersionsClient } from '../../peers.js';
import { diffQuery } from './datasets.schema.js';
import type { DiffQuery } from './datasets.schema.js';

/** Comparing tens of millions of rows takes its time. */
const DIFF_MS = 120_000;

interface VersionPath {
  readonly dataset: string;
  readonly number: string;
}

/** What is known of a dataset version. */
@Controller()
export class VersionDetailsController {
  constructor(@Inject(DATASET_VERSIONS) private readonly versions: DatasetVersionsClient) {}

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/profile',
    summary: 'Statistics, histograms and frequent values of every column',
    allow: 'read',
    response: 'aimass.data_sources.v1.GetDatasetVersionProfileResponse',
  })
  async profile(@Caller() caller: AuthenticatedKey, @Param() path: VersionPath) {
    const profile = await this.versions.getDatasetVersionProfile(requestOf(caller, path));
    return datasetVersions.GetDatasetVersionProfileResponse.toJSON(profile);
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/quality',
    summary: 'What is wrong or noteworthy with the data, worst first, and what to do',
    allow: 'read',
    response: 'aimass.data_sources.v1.GetDatasetVersionQualityResponse',
  })
  async quality(@Caller() caller: AuthenticatedKey, @Param() path: VersionPath) {
    const report = await this.versions.getDatasetVersionQuality(requestOf(caller, path));
    return datasetVersions.GetDatasetVersionQualityResponse.toJSON(report);
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/lineage',
    summary: 'Where the data came from, and the splits and versions that were made of it',
    allow: 'read',
    response: 'aimass.data_sources.v1.GetDatasetVersionLineageResponse',
  })
  async lineage(@Caller() caller: AuthenticatedKey, @Param() path: VersionPath) {
    const lineage = await this.versions.getDatasetVersionLineage(requestOf(caller, path));
    return datasetVersions.GetDatasetVersionLineageResponse.toJSON(lineage);
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/diff',
    summary: 'What changed against another version of the dataset: columns, statistics, rows by content',
    allow: 'read',
    query: diffQuery,
    response: 'aimass.data_sources.v1.DiffDatasetVersionsResponse',
  })
  async diff(@Caller() caller: AuthenticatedKey, @Param() path: VersionPath, @Query() query: DiffQuery) {
    const request = { ...requestOf(caller, path), against: query.against };
    const diff = await this.versions.diffDatasetVersions(request, { deadlineMs: DIFF_MS });
    return datasetVersions.DiffDatasetVersionsResponse.toJSON(diff);
  }
}

function requestOf({ organizationId }: AuthenticatedKey, { dataset, number }: VersionPath) {
  return { organizationId, version: { versionId: '', dataset, number: pathNumber(number) } };
}
