import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { modelRegistry } from '@aimass/contracts';
import { Caller, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { MODEL_REGISTRY } from '../../peers.js';
import type { ModelRegistryClient } from '../../peers.js';
import { setAliasBody } from './models.schema.js';
import type { SetAliasBody } from './models.schema.js';

/** Models, their versions and aliases. */
@Controller()
export class ModelsController {
  constructor(@Inject(MODEL_REGISTRY) private readonly registry: ModelRegistryClient) {}

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
    response: 'aimass.model_registry.v1.ModelVersion',
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
}
