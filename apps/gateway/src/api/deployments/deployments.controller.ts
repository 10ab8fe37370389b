import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { trafficControl } from '@aimass/contracts';
import { Caller, IdempotencyKey, IfMatch, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { TRAFFIC_CONTROL } from '../../peers.js';
import type { TrafficControlClient } from '../../peers.js';
import { createDeploymentBody, updateVariantsBody } from './deployments.schema.js';
import type { CreateDeploymentBody, UpdateVariantsBody } from './deployments.schema.js';

/** Names that take traffic, and how it is shared out. */
@Controller()
export class DeploymentsController {
  constructor(@Inject(TRAFFIC_CONTROL) private readonly trafficControl: TrafficControlClient) {}

  @Route({
    method: 'post',
    path: '/deployments',
    summary: 'Give a model name traffic',
    allow: 'operate',
    body: createDeploymentBody,
    response: 'aimass.traffic_control.v1.Deployment',
    status: 201,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateDeploymentBody,
  ) {
    const { deployment } = await this.trafficControl.createDeployment({ organizationId, requestId, ...body });
    return trafficControl.Deployment.toJSON(present(deployment));
  }

  @Route({
    method: 'get',
    path: '/deployments',
    summary: 'List deployments',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.traffic_control.v1.ListDeploymentsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    const response = await this.trafficControl.listDeployments({ organizationId, ...page });
    return trafficControl.ListDeploymentsResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/deployments/:deployment',
    summary: 'Get a deployment by id or name',
    allow: 'read',
    response: 'aimass.traffic_control.v1.Deployment',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('deployment') name: string) {
    const { deployment } = await this.trafficControl.getDeployment({ organizationId, deployment: name });
    return trafficControl.Deployment.toJSON(present(deployment));
  }

  @Route({
    method: 'patch',
    path: '/deployments/:deployment/variants',
    summary: 'Replace the variants in one step',
    allow: 'operate',
    body: updateVariantsBody,
    response: 'aimass.traffic_control.v1.Deployment',
  })
  async updateVariants(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('deployment') name: string,
    @IfMatch() etag: string,
    @Body() body: UpdateVariantsBody,
  ) {
    const { deployment } = await this.trafficControl.updateVariants({
      organizationId,
      deployment: name,
      etag,
      ...body,
    });
    return trafficControl.Deployment.toJSON(present(deployment));
  }

  @Route({
    method: 'delete',
    path: '/deployments/:deployment',
    summary: 'Take a name out of traffic',
    allow: 'operate',
    status: 204,
  })
  async delete(@Caller() { organizationId }: AuthenticatedKey, @Param('deployment') deployment: string) {
    await this.trafficControl.deleteDeployment({ organizationId, deployment });
  }
}
