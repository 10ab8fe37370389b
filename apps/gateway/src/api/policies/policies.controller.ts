import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { trafficControl } from '@aimass/contracts';
import { Caller, IdempotencyKey, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import { organizationNotFound } from '../../identity/identity.errors.js';
import { IdentityService } from '../../identity/identity.service.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { TRAFFIC_CONTROL } from '../../peers.js';
import type { TrafficControlClient } from '../../peers.js';
import { createPolicyBody } from './policies.schema.js';
import type { CreatePolicyBody } from './policies.schema.js';

/** Limits. */
@Controller()
export class PoliciesController {
  constructor(
    @Inject(TRAFFIC_CONTROL) private readonly trafficControl: TrafficControlClient,
    private readonly identity: IdentityService,
  ) {}

  @Route({
    method: 'post',
    path: '/policies',
    summary: 'Set a limit',
    allow: 'operate',
    body: createPolicyBody,
    response: 'aimass.traffic_control.v1.Policy',
    status: 201,
  })
  async create(
    @Caller() caller: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreatePolicyBody,
  ) {
    await this.assertOwnTarget(caller, body);
    const { organizationId } = caller;
    const { policy } = await this.trafficControl.createPolicy({
      organizationId,
      requestId,
      ...body,
    });
    return trafficControl.Policy.toJSON(present(policy));
  }

  @Route({
    method: 'get',
    path: '/policies',
    summary: 'List limits',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.traffic_control.v1.ListPoliciesResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    const response = await this.trafficControl.listPolicies({ organizationId, ...page });
    return trafficControl.ListPoliciesResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/policies/:id',
    summary: 'Get a limit',
    allow: 'read',
    response: 'aimass.traffic_control.v1.Policy',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('id') policyId: string) {
    const { policy } = await this.trafficControl.getPolicy({ organizationId, policyId });
    return trafficControl.Policy.toJSON(present(policy));
  }

  @Route({ method: 'delete', path: '/policies/:id', summary: 'Lift a limit', allow: 'operate', status: 204 })
  async delete(@Caller() { organizationId }: AuthenticatedKey, @Param('id') policyId: string) {
    await this.trafficControl.deletePolicy({ organizationId, policyId });
  }

  /** Keys and organizations are the gateway's own; deployments are checked where they live. */
  private async assertOwnTarget(caller: AuthenticatedKey, body: CreatePolicyBody): Promise<void> {
    if (body.target === trafficControl.PolicyTarget.KEY)
      await this.identity.getKey(caller.organizationId, body.targetId);
    if (body.target === trafficControl.PolicyTarget.ORGANIZATION && body.targetId !== caller.organizationId) {
      throw organizationNotFound(body.targetId);
    }
  }
}
