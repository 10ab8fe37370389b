import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { AliasesService } from '../aliases/aliases.service.js';
import { AudiencesService } from '../entitlements/audiences.service.js';
import { assertName, Deployment } from './deployment.entity.js';
import { toChangedEvent, toDeletedEvent } from './deployment.mapping.js';
import { deploymentExists, deploymentNotFound } from './deployments.errors.js';
import { DeploymentsRepository } from './deployments.repository.js';
import type { DeploymentName } from './deployments.repository.js';
import type { VariantSpec } from './variant.js';
import { VersionResolver } from './version-resolver.js';
import type { ResolvedVariants } from './version-resolver.js';

/** A deployment as asked for; `requestId` is the caller's idempotency key, empty for none. */
export interface DeploymentRequest {
  readonly organizationId: string;
  readonly requestId: string;
  readonly name: string;
  readonly variants: readonly VariantSpec[];
}

/** New variants for a deployment given by id or name; an empty etag is not checked. */
export interface VariantsRequest {
  readonly organizationId: string;
  readonly deployment: string;
  readonly variants: readonly VariantSpec[];
  readonly etag: string;
}

/** Gives model names traffic. Every change reaches the snapshots of the owner and of all subscribers. */
@Injectable()
export class DeploymentsService {
  constructor(
    private readonly deployments: DeploymentsRepository,
    private readonly resolver: VersionResolver,
    private readonly aliases: AliasesService,
    private readonly audiences: AudiencesService,
  ) {}

  /** Throws `conflict` when the name is taken; a repeat under the same key returns the first one's deployment. */
  async create(request: DeploymentRequest): Promise<Deployment> {
    const { organizationId, requestId, name, variants } = request;
    assertName(name);
    const resolved = await this.resolver.resolve(organizationId, variants);
    const operation = { organizationId, requestId, name: 'CreateDeployment', payload: { name, variants } };
    const id = await this.deployments.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        await this.audiences.claim(tx, organizationId);
        const deployment = Deployment.create(organizationId, name, resolved.variants);
        if (!(await this.deployments.insert(tx, deployment))) throw deploymentExists(name);
        await this.announce(tx, deployment, resolved);
        return deployment.id;
      }),
    );
    return this.get(organizationId, id);
  }

  /** Throws `precondition_failed` when the deployment is not in the state that the etag stands for. */
  async updateVariants(request: VariantsRequest): Promise<Deployment> {
    const { organizationId, deployment: ref, variants, etag } = request;
    (await this.get(organizationId, ref)).assertEtag(etag);
    const resolved = await this.resolver.resolve(organizationId, variants);
    return this.deployments.transaction(async (tx) => {
      await this.audiences.claim(tx, organizationId);
      const deployment = await this.getForUpdate(tx, organizationId, ref);
      deployment.assertEtag(etag);
      deployment.replaceVariants(resolved.variants);
      await this.deployments.save(tx, deployment);
      await this.announce(tx, deployment, resolved);
      return deployment;
    });
  }

  /** Takes the name out of traffic, together with the limits on it. */
  async delete(organizationId: string, ref: string): Promise<void> {
    await this.deployments.transaction(async (tx) => {
      await this.audiences.claim(tx, organizationId);
      const deployment = await this.getForUpdate(tx, organizationId, ref);
      await this.deployments.delete(tx, deployment);
      await emit(tx, 'traffic_control.v1.deployment.deleted', deployment.id, toDeletedEvent(deployment));
      await this.audiences.deploymentChanged(tx, deployment.organizationId, deployment.name);
    });
  }

  /** By id or name. */
  async get(organizationId: string, ref: string): Promise<Deployment> {
    const deployment = await this.deployments.find(organizationId, ref);
    if (!deployment) throw deploymentNotFound(ref);
    return deployment;
  }

  /** By id only, as `tx` sees it. */
  async getById(tx: EntityManager, organizationId: string, id: string): Promise<Deployment> {
    const deployment = await this.deployments.findById(tx, organizationId, id);
    if (!deployment) throw deploymentNotFound(id);
    return deployment;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Deployment>> {
    return this.deployments.list(organizationId, pageBounds(page));
  }

  /** All of an organization's own, for its snapshot. */
  listOf(tx: EntityManager, organizationId: string): Promise<Deployment[]> {
    return this.deployments.listOf(tx, organizationId);
  }

  /** Those of other organizations that exist, for the snapshots of their subscribers. */
  listNamed(tx: EntityManager, names: readonly DeploymentName[]): Promise<Deployment[]> {
    return names.length === 0 ? Promise.resolve([]) : this.deployments.listNamed(tx, names);
  }

  private async getForUpdate(tx: EntityManager, organizationId: string, ref: string): Promise<Deployment> {
    const deployment = await this.deployments.findForUpdate(tx, organizationId, ref);
    if (!deployment) throw deploymentNotFound(ref);
    return deployment;
  }

  private async announce(
    tx: EntityManager,
    deployment: Deployment,
    resolved: ResolvedVariants,
  ): Promise<void> {
    await this.aliases.remember(tx, deployment.organizationId, resolved.models);
    await emit(tx, 'traffic_control.v1.deployment.changed', deployment.id, toChangedEvent(deployment));
    await this.audiences.deploymentChanged(tx, deployment.organizationId, deployment.name);
  }
}
