import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { marketplace } from '@aimass/contracts';
import { z } from 'zod';
import { Caller, IdempotencyKey, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { MARKETPLACE } from '../../peers.js';
import type { MarketplaceClient } from '../../peers.js';

const createSubscriptionBody = z.strictObject({
  planId: z.string().min(1).describe('a plan of a published listing'),
});
const SUBSCRIPTION = 'aimass.marketplace.v1.Subscription';

/** What the organization has subscribed to. */
@Controller()
export class SubscriptionsController {
  constructor(@Inject(MARKETPLACE) private readonly marketplace: MarketplaceClient) {}

  @Route({
    method: 'post',
    path: '/subscriptions',
    summary: 'Subscribe to a plan',
    allow: 'trade',
    body: createSubscriptionBody,
    response: SUBSCRIPTION,
    status: 201,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: z.infer<typeof createSubscriptionBody>,
  ) {
    const { subscription } = await this.marketplace.createSubscription({
      organizationId,
      requestId,
      ...body,
    });
    return marketplace.Subscription.toJSON(present(subscription));
  }

  @Route({
    method: 'get',
    path: '/subscriptions',
    summary: 'List subscriptions',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.marketplace.v1.ListSubscriptionsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    const response = await this.marketplace.listSubscriptions({ organizationId, ...page });
    return marketplace.ListSubscriptionsResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/subscriptions/:id',
    summary: 'Get a subscription',
    allow: 'read',
    response: SUBSCRIPTION,
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('id') subscriptionId: string) {
    const { subscription } = await this.marketplace.getSubscription({ organizationId, subscriptionId });
    return marketplace.Subscription.toJSON(present(subscription));
  }

  @Route({
    method: 'post',
    path: '/subscriptions/:id:cancel',
    summary: 'End a subscription',
    allow: 'trade',
    response: SUBSCRIPTION,
  })
  async cancel(@Caller() { organizationId }: AuthenticatedKey, @Param('id') subscriptionId: string) {
    const { subscription } = await this.marketplace.cancelSubscription({ organizationId, subscriptionId });
    return marketplace.Subscription.toJSON(present(subscription));
  }
}
