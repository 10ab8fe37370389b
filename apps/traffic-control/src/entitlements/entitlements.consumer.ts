import { Injectable } from '@nestjs/common';
import type { marketplaceEvents } from '@aimass/contracts';
import { OnEvent } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { EntitlementsService } from './entitlements.service.js';

/** Events that open and close routes to vendors. */
@Injectable()
export class EntitlementsConsumer {
  constructor(private readonly entitlements: EntitlementsService) {}

  @OnEvent('marketplace.v1.subscription.activated', 'traffic_control__open_route')
  async openRoute(event: marketplaceEvents.SubscriptionActivated, tx: EntityManager): Promise<void> {
    await this.entitlements.activate(tx, event);
  }

  @OnEvent('marketplace.v1.subscription.cancelled', 'traffic_control__close_route')
  async closeRoute(event: marketplaceEvents.SubscriptionCancelled, tx: EntityManager): Promise<void> {
    await this.entitlements.cancel(tx, event.subscriptionId, event.consumerOrganizationId);
  }
}
