import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { modelRegistry } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import { Caller, IdempotencyKey, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES, MODEL_REGISTRY } from '../../peers.js';
import type { DataSourcesClient, ModelRegistryClient } from '../../peers.js';
import { registerVersionBody, setAliasBody } from './models.schema.js';
import type { RegisterVersionBody, SetAliasBody } from './models.schema.js';

const VERSION = 'aimass.model_registry.v1.ModelVersion';
/** Every file is read to its end before it becomes part of a version. */
const REGISTER_DEADLINE_MS = 300_000;

/** Models, their versions and aliases. */
@Controller()
export class ModelsController {
  constructor(
    @Inject(MODEL_REGISTRY) private readonly registry: ModelRegistryClient,
    @Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient,
  ) {}

  @Route({
    method: 'get',
    path: '/models',
    summary: 'List models',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.model_registry.v1.ListModelsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    return modelRegistry.ListModelsResponse.toJSON(
      await this.registry.listModels({ organizationId, ...page }),
    );
  }

  @Route({
    method: 'get',
    path: '/models/:model',
    summary: 'Get a model by id or name',
    allow: 'read',
    response: 'aimass.model_registry.v1.Model',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('model') model: string) {
    return modelRegistry.Model.toJSON(
      present((await this.registry.getModel({ organizationId, model })).model),
    );
  }

  @Route({
    method: 'get',
    path: '/models/:model/versions',
    summary: "List a model's versions",
    allow: 'read',
    query: pageQuery,
    response: 'aimass.model_registry.v1.ListModelVersionsResponse',
  })
  async listVersions(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('model') model: string,
    @Query() page: PageQuery,
  ) {
    const response = await this.registry.listModelVersions({ organizationId, model, ...page });
    return modelRegistry.ListModelVersionsResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/models/:model/versions/:version',
    summary: 'Get a version by number, id or alias',
    allow: 'read',
    response: VERSION,
  })
  async getVersion(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('model') model: string,
    @Param('version') version: string,
  ) {
    const response = await this.registry.getModelVersion({ organizationId, model, version });
    return modelRegistry.ModelVersion.toJSON(present(response.version));
  }

  @Route({
    method: 'post',
    path: '/models/:model/versions',
    summary: 'Register uploaded files as the next version',
    allow: 'develop',
    body: registerVersionBody,
    response: VERSION,
    status: 201,
  })
  async registerVersion(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('model') modelName: string,
    @IdempotencyKey() requestId: string,
    @Body() body: RegisterVersionBody,
  ) {
    const { engine = '', format = '', number = 0, alias, source } = body;
    const files = await this.findFiles(organizationId, body.files);
    const lineage = { jobId: '', datasetVersionId: '', splitId: '', algorithm: '', source };
    const signature = toSignatureProto(body.signature);
    const about = { modelName, number, alias, engine, format, lineage, signature, files };
    const request = { organizationId, requestId, ...about };
    const response = await this.registry.registerModelVersion(request, { deadlineMs: REGISTER_DEADLINE_MS });
    return modelRegistry.ModelVersion.toJSON(present(response.version));
  }

  @Route({
    method: 'put',
    path: '/models/:model/versions/:version',
    summary: 'Always refused: a version never changes',
    allow: 'develop',
  })
  replaceVersion(@Param() { model, version }: { model: string; version: string }): never {
    throw new DomainError(
      'conflict',
      'model_registry.version_immutable',
      `Version "${version}" of model "${model}" cannot be replaced: a version never changes. Register the next one.`,
    );
  }

  @Route({
    method: 'put',
    path: '/models/:model/aliases/:alias',
    summary: 'Point an alias at a version',
    allow: 'develop',
    body: setAliasBody,
    response: 'aimass.model_registry.v1.Model',
  })
  async setAlias(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param() path: { model: string; alias: string },
    @Body() body: SetAliasBody,
  ) {
    const response = await this.registry.setAlias({ organizationId, ...path, version: body.version });
    return modelRegistry.Model.toJSON(present(response.model));
  }

  /** Uploads of the organization by their ids; another's look absent. */
  private findFiles(
    organizationId: string,
    files: RegisterVersionBody['files'],
  ): Promise<modelRegistry.ManifestFile[]> {
    return Promise.all(
      files.map(async ({ path, uploadId }) => {
        const { upload } = await this.dataSources.getUpload({ organizationId, uploadId });
        const { sha256, sizeBytes } = present(upload);
        return { path, sha256, sizeBytes };
      }),
    );
  }
}

function toSignatureProto(signature: RegisterVersionBody['signature']): modelRegistry.Signature | undefined {
  if (signature === undefined) return undefined;
  const toProto = (specs: typeof signature.inputs) =>
    specs.map((spec) => ({ ...spec, shape: spec.shape.map(String) }));
  return { inputs: toProto(signature.inputs), outputs: toProto(signature.outputs) };
}
