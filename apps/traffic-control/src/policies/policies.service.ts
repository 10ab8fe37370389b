import { Injectable } from '@nestjs/common';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { DeploymentsService } from '../deployments/deployments.service.js';
import { AudiencesService } from '../entitlements/audiences.service.js';
import { policyNotFound } from './policies.errors.js';
import { PoliciesRepository } from './policies.repository.js';
import { Policy } from './policy.entity.js';
import type { PolicyTerms } from './policy.entity.js';

/** A limit as asked for; `requestId` is the caller's idempotency key, empty for none. */
export interface PolicyRequest {
  readonly organizationId: string;
  readonly requestId: string;
  readonly terms: PolicyTerms;
}

/** Sets and lifts limits. Every change reaches the snapshots of all whose calls it limits. */
@Injectable()
export class PoliciesService {
  constructor(
    private readonly policies: PoliciesRepository,
    private readonly deployments: DeploymentsService,
    private readonly audiences: AudiencesService,
  ) {}

  /** Throws `not_found` for a deployment that is not the organization's own. */
  async create({ organizationId, requestId, terms }: PolicyRequest): Promise<Policy> {
    const policy = Policy.create(organizationId, terms);
    const operation = { organizationId, requestId, name: 'CreatePolicy', payload: terms };
    const id = await this.policies.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        await this.audiences.claim(tx, organizationId);
        await this.markChanged(tx, policy);
        await this.policies.insert(tx, policy);
        return policy.id;
      }),
    );
    return this.get(organizationId, id);
  }

  async delete(organizationId: string, id: string): Promise<void> {
    await this.policies.transaction(async (tx) => {
      await this.audiences.claim(tx, organizationId);
      const policy = await this.policies.findForUpdate(tx, organizationId, id);
      if (!policy) throw policyNotFound(id);
      await this.policies.delete(tx, policy);
      await this.markChanged(tx, policy);
    });
  }

  async get(organizationId: string, id: string): Promise<Policy> {
    const policy = await this.policies.find(organizationId, id);
    if (!policy) throw policyNotFound(id);
    return policy;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Policy>> {
    return this.policies.list(organizationId, pageBounds(page));
  }

  /** The limits on an organization's callers: its own, and those on the deployments of others that it may call. */
  listApplying(
    tx: EntityManager,
    organizationId: string,
    deploymentIds: readonly string[],
  ): Promise<Policy[]> {
    return this.policies.listApplying(tx, organizationId, deploymentIds);
  }

  /** Holds these limits until the transaction ends; returns the ids that exist, in order. */
  lock(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
    return this.policies.lock(tx, ids);
  }

  /** Throws `not_found` when the limit is on a deployment that its organization does not have. */
  private async markChanged(tx: EntityManager, { organizationId, target, targetId }: Policy): Promise<void> {
    if (target !== 'DEPLOYMENT') return this.audiences.ownerChanged(tx, organizationId);
    const { name } = await this.deployments.getById(tx, organizationId, targetId);
    await this.audiences.deploymentChanged(tx, organizationId, name);
  }
}
