import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { RevisionsService } from '../revisions/revisions.service.js';
import type { Entitlement, Grant } from './entitlement.entity.js';
import { EntitlementsRepository } from './entitlements.repository.js';

/** Knows which organization may call which vendor's deployments. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly entitlements: EntitlementsRepository,
    private readonly revisions: RevisionsService,
  ) {}

  /** Opens the vendor's deployment to the consumer, unless the subscription was cancelled already. */
  async activate(tx: EntityManager, grant: Grant): Promise<void> {
    await this.revisions.claim(tx, grant.vendorOrganizationId);
    const isNew = await this.entitlements.insertActive(tx, grant);
    if (isNew) await this.revisions.changed(tx, [grant.consumerOrganizationId]);
  }

  /** Closes it for good, also when the activation is still to come. */
  async cancel(tx: EntityManager, subscriptionId: string, consumerOrganizationId: string): Promise<void> {
    await this.entitlements.cancel(tx, subscriptionId, consumerOrganizationId);
    await this.revisions.changed(tx, [consumerOrganizationId]);
  }

  /** What an organization may call of others, by subscription id. */
  listActiveOf(tx: EntityManager, consumerOrganizationId: string): Promise<Entitlement[]> {
    return this.entitlements.listActiveOf(tx, consumerOrganizationId);
  }
}
