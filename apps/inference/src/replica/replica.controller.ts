import { replica } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers, UnaryContext } from '@aimass/platform-grpc';
import { ModelStore } from '../models/model-store.js';
import { toServedVersionStatus } from './served-version.mapping.js';

/** A caller without a deadline waits this long for a version to be loaded. */
const LONGEST_LOAD_MS = 10 * 60_000;

/** The operators' way in: what is in memory, and what is to be. */
@GrpcController(replica.ReplicaServiceService)
export class ReplicaController implements GrpcHandlers<typeof replica.ReplicaServiceService> {
  constructor(private readonly models: ModelStore) {}

  listServedVersions(
    request: replica.ListServedVersionsRequest,
  ): Promise<replica.ListServedVersionsResponse> {
    const ids = request.modelVersionIds;
    const known = new Map(this.models.list().map((model) => [model.spec.id, model]));
    const wanted = ids.length === 0 ? [...known.values()] : ids.flatMap((id) => known.get(id) ?? []);
    return Promise.resolve({ versions: wanted.map(toServedVersionStatus) });
  }

  async loadVersion(
    request: replica.LoadVersionRequest,
    context?: UnaryContext,
  ): Promise<replica.LoadVersionResponse> {
    const waitMs = Math.min(context?.timeLeftMs() ?? LONGEST_LOAD_MS, LONGEST_LOAD_MS);
    return { version: toServedVersionStatus(await this.models.load(request.modelVersionId, waitMs)) };
  }

  async unloadVersion(request: replica.UnloadVersionRequest): Promise<replica.UnloadVersionResponse> {
    return { version: toServedVersionStatus(await this.models.unload(request.modelVersionId)) };
  }
}
