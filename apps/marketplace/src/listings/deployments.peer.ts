import { Inject, Injectable } from '@nestjs/common';
import type { trafficControl } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { GrpcClient } from '@aimass/platform-grpc';

/** Injection token of the client of traffic-control. */
export const TRAFFIC_CONTROL = Symbol('TRAFFIC_CONTROL');

/** Asks traffic-control about deployments. */
@Injectable()
export class DeploymentsPeer {
  constructor(
    @Inject(TRAFFIC_CONTROL)
    private readonly client: GrpcClient<typeof trafficControl.TrafficControlServiceService>,
  ) {}

  /**
   * Whether it is known of every variant where its version comes from; true also when there is no such deployment, which
   * has nothing to hide.
   */
  async hasLineage(organizationId: string, deployment: string): Promise<boolean> {
    try {
      const response = await this.client.getDeployment({ organizationId, deployment });
      return response.deployment?.variants.every((variant) => variant.hasLineage) ?? true;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not_found') return true;
      throw error;
    }
  }

  /** The name of the organization's deployment, given its id or name; null when it has none such. */
  async findName(organizationId: string, deployment: string): Promise<string | null> {
    try {
      const response = await this.client.getDeployment({ organizationId, deployment });
      return response.deployment?.name ?? null;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not_found') return null;
      throw error;
    }
  }
}
