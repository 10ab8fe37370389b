import { trafficControl } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toDeploymentProto } from './deployments/deployment.mapping.js';
import { DeploymentsService } from './deployments/deployments.service.js';
import { LeasesService } from './leases/leases.service.js';
import { PoliciesService } from './policies/policies.service.js';
import { toPolicyProto, toPolicyRequest } from './policies/policy.mapping.js';

/** gRPC: deployments, limits, leases. The contract is one service, hence one controller over three features. */
@GrpcController(trafficControl.TrafficControlServiceService)
export class TrafficControlController implements GrpcHandlers<
  typeof trafficControl.TrafficControlServiceService
> {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly policies: PoliciesService,
    private readonly leases: LeasesService,
  ) {}

  async createDeployment(request: trafficControl.CreateDeploymentRequest) {
    return { deployment: toDeploymentProto(await this.deployments.create(request)) };
  }

  async getDeployment({ organizationId, deployment }: trafficControl.GetDeploymentRequest) {
    return { deployment: toDeploymentProto(await this.deployments.get(organizationId, deployment)) };
  }

  async listDeployments(request: trafficControl.ListDeploymentsRequest) {
    const page = await this.deployments.list(request.organizationId, request);
    return { items: page.items.map(toDeploymentProto), nextPageToken: page.nextPageToken };
  }

  async updateVariants(request: trafficControl.UpdateVariantsRequest) {
    return { deployment: toDeploymentProto(await this.deployments.updateVariants(request)) };
  }

  async deleteDeployment({ organizationId, deployment }: trafficControl.DeleteDeploymentRequest) {
    await this.deployments.delete(organizationId, deployment);
    return {};
  }

  async createPolicy(request: trafficControl.CreatePolicyRequest) {
    return { policy: toPolicyProto(await this.policies.create(toPolicyRequest(request))) };
  }

  async getPolicy({ organizationId, policyId }: trafficControl.GetPolicyRequest) {
    return { policy: toPolicyProto(await this.policies.get(organizationId, policyId)) };
  }

  async listPolicies(request: trafficControl.ListPoliciesRequest) {
    const page = await this.policies.list(request.organizationId, request);
    return { items: page.items.map(toPolicyProto), nextPageToken: page.nextPageToken };
  }

  async deletePolicy({ organizationId, policyId }: trafficControl.DeletePolicyRequest) {
    await this.policies.delete(organizationId, policyId);
    return {};
  }

  async acquireLeases({ gatewayId, demands }: trafficControl.AcquireLeasesRequest) {
    return { leases: await this.leases.acquire(gatewayId, demands) };
  }
}
