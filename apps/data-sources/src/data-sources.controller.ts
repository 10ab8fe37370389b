import { dataSources } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers, UnaryContext } from '@aimass/platform-grpc';
import { toDatasetProto, toDatasetVersionProto, toPreviewProto } from './datasets/dataset.mapping.js';
import { DatasetsService } from './datasets/datasets.service.js';
import { toSplitProto, toSplitRequest } from './splits/split.mapping.js';
import { SplitsService } from './splits/splits.service.js';
import { toImportRequest, toImportResponse } from './syncs/import.mapping.js';
import { ImportsService } from './syncs/imports.service.js';
import { toIncoming, toUploadProto } from './uploads/upload.mapping.js';
import { UploadsService } from './uploads/uploads.service.js';

/** gRPC: uploads, datasets and their versions, splits. One class, since the contract has one service for them. */
@GrpcController(dataSources.DataSourcesServiceService)
export class DataSourcesController implements GrpcHandlers<typeof dataSources.DataSourcesServiceService> {
  constructor(
    private readonly uploads: UploadsService,
    private readonly datasets: DatasetsService,
    private readonly imports: ImportsService,
    private readonly splits: SplitsService,
  ) {}

  async upload(requests: AsyncIterable<dataSources.UploadRequest>) {
    return { upload: toUploadProto(await this.uploads.receive(await toIncoming(requests))) };
  }

  async getUpload({ organizationId, uploadId }: dataSources.GetUploadRequest) {
    return { upload: toUploadProto(await this.uploads.get(organizationId, uploadId)) };
  }

  async createDataset(request: dataSources.CreateDatasetRequest, context?: UnaryContext) {
    const outcome = await this.imports.createDataset(toImportRequest(request), context?.timeLeftMs());
    const { version, sync } = toImportResponse(outcome);
    const dataset =
      version && toDatasetProto(await this.datasets.get(request.organizationId, version.datasetId));
    return { dataset, version, sync };
  }

  async createDatasetVersion(request: dataSources.CreateDatasetVersionRequest, context?: UnaryContext) {
    return toImportResponse(
      await this.imports.createVersion(toImportRequest(request), context?.timeLeftMs()),
    );
  }

  async getDataset(request: dataSources.GetDatasetRequest) {
    return { dataset: toDatasetProto(await this.datasets.get(request.organizationId, request.dataset)) };
  }

  async listDatasets(request: dataSources.ListDatasetsRequest) {
    const page = await this.datasets.list(request.organizationId, request);
    return { items: page.items.map(toDatasetProto), nextPageToken: page.nextPageToken };
  }

  async getDatasetVersion({
    organizationId,
    dataset,
    number,
    versionId,
  }: dataSources.GetDatasetVersionRequest) {
    const version =
      versionId === ''
        ? await this.datasets.getVersion(organizationId, dataset, number)
        : await this.datasets.getVersionById(organizationId, versionId);
    return { version: toDatasetVersionProto(version) };
  }

  async listDatasetVersions(request: dataSources.ListDatasetVersionsRequest) {
    const page = await this.datasets.listVersions(request.organizationId, request.dataset, request);
    return { items: page.items.map(toDatasetVersionProto), nextPageToken: page.nextPageToken };
  }

  async previewDatasetVersion({
    organizationId,
    dataset,
    number,
    limit,
    offset,
  }: dataSources.PreviewDatasetVersionRequest) {
    const window = { offset: Number(offset), limit };
    return toPreviewProto(await this.datasets.preview(organizationId, dataset, number, window));
  }

  async createSplit(request: dataSources.CreateSplitRequest) {
    return { split: toSplitProto(await this.splits.create(toSplitRequest(request))) };
  }

  async getSplit(request: dataSources.GetSplitRequest) {
    const { split, version } = await this.splits.get(request.organizationId, request.splitId);
    return { split: toSplitProto(split), version: toDatasetVersionProto(version) };
  }

  async listSplits(request: dataSources.ListSplitsRequest) {
    const page = await this.splits.list(request.organizationId, request.dataset, request.number, request);
    return { items: page.items.map(toSplitProto), nextPageToken: page.nextPageToken };
  }
}
