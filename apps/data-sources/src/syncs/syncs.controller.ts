import { syncs } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toSyncProto } from './sync.mapping.js';
import { SyncsService } from './syncs.service.js';

/** gRPC: imports under way and done. */
@GrpcController(syncs.SyncsServiceService)
export class SyncsController implements GrpcHandlers<typeof syncs.SyncsServiceService> {
  constructor(private readonly syncs: SyncsService) {}

  async getSync({ organizationId, syncId }: syncs.GetSyncRequest) {
    return { sync: toSyncProto(await this.syncs.get(organizationId, syncId)) };
  }

  async listSyncs(request: syncs.ListSyncsRequest) {
    const page = await this.syncs.list(request.organizationId, request.sourceId, request);
    return { items: page.items.map(toSyncProto), nextPageToken: page.nextPageToken };
  }

  async *watchSync({ organizationId, syncId }: syncs.WatchSyncRequest) {
    for await (const sync of this.syncs.watch(organizationId, syncId)) yield { sync: toSyncProto(sync) };
  }

  async cancelSync({ organizationId, syncId }: syncs.CancelSyncRequest) {
    return { sync: toSyncProto(await this.syncs.cancel(organizationId, syncId)) };
  }
}
