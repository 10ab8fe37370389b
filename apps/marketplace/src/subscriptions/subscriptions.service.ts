import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { isId, onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { ListingsService } from '../listings/listings.service.js';
import { Subscription } from './subscription.entity.js';
import { alreadySubscribed, subscriptionNotFound } from './subscriptions.errors.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** Who subscribes to what. */
export interface CreateSubscription {
  readonly organizationId: string;
  readonly requestId: string;
  readonly planId: string;
}

/** Agrees, finds and ends subscriptions. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly listings: ListingsService,
  ) {}

  /** At today's price, which stays. Throws `conflict` when the organization is subscribed already. */
  create({ organizationId, requestId, planId }: CreateSubscription): Promise<Subscription> {
    return this.subscriptions.transaction(async (tx) => {
      const operation = { organizationId, requestId, name: 'CreateSubscription', payload: { planId } };
      const id = await onceOnly(tx, operation, () => this.agree(tx, organizationId, planId));
      const subscription = await this.subscriptions.find(organizationId, id, tx);
      if (!subscription) throw subscriptionNotFound(id);
      return subscription;
    });
  }

  async get(organizationId: string, id: string): Promise<Subscription> {
    const subscription = isId('sub', id) ? await this.subscriptions.find(organizationId, id) : null;
    if (!subscription) throw subscriptionNotFound(id);
    return subscription;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Subscription>> {
    return this.subscriptions.list(organizationId, pageBounds(page));
  }

  /** Ends it now. One that has ended is returned as it is, so that a repeat is harmless. */
  cancel(organizationId: string, id: string): Promise<Subscription> {
    return this.subscriptions.transaction(async (tx) => {
      const subscription = isId('sub', id)
        ? await this.subscriptions.findForUpdate(tx, organizationId, id)
        : null;
      if (!subscription) throw subscriptionNotFound(id);
      if (!subscription.cancel()) return subscription;
      await this.subscriptions.save(tx, subscription);
      const { consumerOrganizationId, routeName } = subscription;
      await emit(tx, 'marketplace.v1.subscription.cancelled', id, {
        subscriptionId: id,
        consumerOrganizationId,
        routeName,
      });
      return subscription;
    });
  }

  /** The subscriptions with these ids, of whatever organization, in whatever state; unknown ids are left out. */
  async findForPricing(
    tx: EntityManager,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, Subscription>> {
    const found = await this.subscriptions.findMany(
      tx,
      ids.filter((id) => isId('sub', id)),
    );
    return new Map(found.map((subscription) => [subscription.id, subscription]));
  }

  private async agree(tx: EntityManager, organizationId: string, planId: string): Promise<string> {
    const subscription = Subscription.create(
      organizationId,
      await this.listings.getOffer(tx, organizationId, planId),
    );
    const { id, vendorOrganizationId, deploymentName, routeName } = subscription;
    if (!(await this.subscriptions.insert(tx, subscription))) throw alreadySubscribed(routeName);
    await emit(tx, 'marketplace.v1.subscription.activated', id, {
      subscriptionId: id,
      consumerOrganizationId: organizationId,
      vendorOrganizationId,
      deploymentName,
      routeName,
    });
    return id;
  }
}
