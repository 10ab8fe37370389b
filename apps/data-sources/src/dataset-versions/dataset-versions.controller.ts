import { datasetVersions } from '@aimass/contracts';
import type { dataSources } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { toDiffProto } from '../diffs/diff.mapping.js';
import { DiffsService } from '../diffs/diffs.service.js';
import { toDownloadHeader, toFormat, toRange } from '../downloads/download.mapping.js';
import { DownloadsService } from '../downloads/downloads.service.js';
import { toProfileProto } from '../profiles/profile.mapping.js';
import { toQualityProto } from '../quality/quality.mapping.js';
import { toLineageProto } from './lineage.mapping.js';
import { LineagesService } from './lineages.service.js';

/** gRPC: what is known of a version, and its rows. */
@GrpcController(datasetVersions.DatasetVersionsServiceService)
export class DatasetVersionsController implements GrpcHandlers<
  typeof datasetVersions.DatasetVersionsServiceService
> {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly lineages: LineagesService,
    private readonly diffs: DiffsService,
    private readonly downloads: DownloadsService,
  ) {}

  async getDatasetVersionProfile(request: datasetVersions.GetDatasetVersionProfileRequest) {
    const version = await this.find(request);
    return toProfileProto(version, await this.datasets.findSpreads(version.id));
  }

  async getDatasetVersionQuality(request: datasetVersions.GetDatasetVersionQualityRequest) {
    return toQualityProto(await this.find(request));
  }

  async getDatasetVersionLineage(request: datasetVersions.GetDatasetVersionLineageRequest) {
    const version = await this.find(request);
    return toLineageProto(version, await this.lineages.children(version));
  }

  async diffDatasetVersions(request: datasetVersions.DiffDatasetVersionsRequest) {
    return toDiffProto(await this.diffs.diff(await this.find(request), request.against));
  }

  async *downloadDatasetVersion(
    request: datasetVersions.DownloadDatasetVersionRequest,
  ): AsyncGenerator<datasetVersions.DownloadDatasetVersionResponse> {
    const version = await this.find(request);
    const format = toFormat(request.format);
    const range = toRange(request, format, version);
    const chunks =
      format === 'parquet'
        ? this.downloads.snapshot(version, range)
        : this.downloads.converted(version, format);
    yield* headed(toDownloadHeader(version, format), chunks);
  }

  private find(request: {
    organizationId: string;
    version: dataSources.DatasetVersionReference | undefined;
  }): Promise<DatasetVersion> {
    const { versionId = '', dataset = '', number = 0 } = request.version ?? {};
    return versionId === ''
      ? this.datasets.getVersion(request.organizationId, dataset, number)
      : this.datasets.getVersionById(request.organizationId, versionId);
  }
}

/** The header goes out with the first bytes: what cannot be sent is refused before anything is. */
async function* headed(
  value: datasetVersions.DownloadHeader,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<datasetVersions.DownloadDatasetVersionResponse> {
  let isBegun = false;
  for await (const chunk of chunks) {
    if (!isBegun) yield { part: { $case: 'header', value } };
    isBegun = true;
    yield { part: { $case: 'chunk', value: chunk } };
  }
  if (!isBegun) yield { part: { $case: 'header', value } };
}
