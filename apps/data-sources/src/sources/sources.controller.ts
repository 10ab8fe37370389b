import { sources } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers, UnaryContext } from '@aimass/platform-grpc';
import { toSyncProto } from '../syncs/sync.mapping.js';
import { SyncsService } from '../syncs/syncs.service.js';
import { SecretRotation } from './secret-rotation.js';
import { toListingProto, toNewSource, toSourceChange, toSourceProto } from './source.mapping.js';
import type { Source } from './source.entity.js';
import { SourcesService } from './sources.service.js';

/** gRPC: where data comes from, again and again. */
@GrpcController(sources.SourcesServiceService)
export class SourcesController implements GrpcHandlers<typeof sources.SourcesServiceService> {
  constructor(
    private readonly sources: SourcesService,
    private readonly syncs: SyncsService,
    private readonly rotation: SecretRotation,
  ) {}

  async createSource(request: sources.CreateSourceRequest) {
    return { source: await this.toProto(await this.sources.create(toNewSource(request))) };
  }

  async getSource(request: sources.GetSourceRequest) {
    return { source: await this.toProto(await this.sources.get(request)) };
  }

  async listSources(request: sources.ListSourcesRequest) {
    const page = await this.sources.list(request.organizationId, request);
    return { items: await this.toProtos(page.items), nextPageToken: page.nextPageToken };
  }

  async updateSource(request: sources.UpdateSourceRequest) {
    const { kind } = await this.sources.get(request);
    const change = toSourceChange(request, kind);
    return {
      source: await this.toProto(await this.sources.update(request, request.expectedRevision, change)),
    };
  }

  async deleteSource(request: sources.DeleteSourceRequest) {
    await this.sources.delete(request);
    return {};
  }

  async syncSource(request: sources.SyncSourceRequest) {
    return { sync: toSyncProto(await this.sources.sync(request, request.requestId)) };
  }

  async checkSource(request: sources.CheckSourceRequest, context?: UnaryContext) {
    return toListingProto(await this.sources.check(request, context?.timeLeftMs()));
  }

  async rotateSecrets() {
    return { rotatedCount: await this.rotation.rotate() };
  }

  private async toProto(source: Source): Promise<sources.Source> {
    const [failures] = await this.syncs.listFailures([source.id]);
    return toSourceProto(source, failures);
  }

  private async toProtos(items: readonly Source[]): Promise<sources.Source[]> {
    const failures = await this.syncs.listFailures(items.map(({ id }) => id));
    const bySource = new Map(failures.map((each) => [each.sourceId, each]));
    return items.map((source) => toSourceProto(source, bySource.get(source.id)));
  }
}
