import { modelRegistry } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toModelProto, toRegistrationRequest, toVersionProto } from './model.mapping.js';
import { ModelsService } from './models.service.js';
import { RegistrationsService } from './registrations.service.js';

/** gRPC: models, versions, aliases. */
@GrpcController(modelRegistry.ModelRegistryServiceService)
export class ModelsController implements GrpcHandlers<typeof modelRegistry.ModelRegistryServiceService> {
  constructor(
    private readonly models: ModelsService,
    private readonly registrations: RegistrationsService,
  ) {}

  async getModel(request: modelRegistry.GetModelRequest) {
    return { model: toModelProto(await this.models.get(request.organizationId, request.model)) };
  }

  async listModels(request: modelRegistry.ListModelsRequest) {
    const page = await this.models.list(request.organizationId, request);
    return { items: page.items.map(toModelProto), nextPageToken: page.nextPageToken };
  }

  async getModelVersion(request: modelRegistry.GetModelVersionRequest) {
    const { organizationId, model, version } = request;
    return { version: toVersionProto(await this.models.getVersion(organizationId, model, version)) };
  }

  async listModelVersions(request: modelRegistry.ListModelVersionsRequest) {
    const page = await this.models.listVersions(request.organizationId, request.model, request);
    return { items: page.items.map(toVersionProto), nextPageToken: page.nextPageToken };
  }

  async setAlias(request: modelRegistry.SetAliasRequest) {
    const { organizationId, model, alias, version } = request;
    return { model: toModelProto(await this.models.setAlias(organizationId, model, alias, version)) };
  }

  async registerModelVersion(request: modelRegistry.RegisterModelVersionRequest) {
    return { version: toVersionProto(await this.registrations.register(toRegistrationRequest(request))) };
  }
}
