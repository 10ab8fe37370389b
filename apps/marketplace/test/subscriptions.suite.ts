import { randomUUID } from 'node:crypto';
import { marketplace } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import {
  addPlan,
  draftListing,
  move,
  newOrganization,
  newVendor,
  publishedListing,
  subscribe,
} from './fixtures.js';
import { client, events } from './harness.js';

const { DELIST } = marketplace.ListingMove;
const firstPage = { pageSize: 0, pageToken: '' };

describe('CreateSubscription', () => {
  it('freezes price and route, and tells that it is active', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const { listing, plan } = await publishedListing(client, vendor, 'faithful');
    const subscription = await subscribe(client, consumer, plan.id);
    const routeName = `${vendor.name}/faithful`;
    expect(subscription).toMatchObject({
      listingId: listing.id,
      planId: plan.id,
      routeName,
      state: marketplace.SubscriptionState.ACTIVE,
      unitPrice: plan.unitPrice,
      cancelledAt: undefined,
    });
    expect(await events('marketplace.v1.subscription.activated', subscription.id)).toEqual([
      {
        subscriptionId: subscription.id,
        consumerOrganizationId: consumer,
        vendorOrganizationId: vendor.id,
        deploymentName: 'faithful',
        routeName,
      },
    ]);
  });

  it('agrees exactly one of 50 at once', async () => {
    const { plan } = await publishedListing(client, newVendor(), 'faithful');
    const consumer = newOrganization();
    const attempts = Array.from({ length: 50 }, () => subscribe(client, consumer, plan.id));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as Error] : [],
    );
    expect(new Set(refusals.map((error) => (error as { code?: string }).code))).toEqual(
      new Set(['marketplace.already_subscribed']),
    );
    const { items } = await client.listSubscriptions({ organizationId: consumer, ...firstPage });
    expect(items).toHaveLength(1);
  });

  it('answers 20 repeats of one key with one subscription, even after the listing is gone', async () => {
    const vendor = newVendor();
    const { listing, plan } = await publishedListing(client, vendor, 'faithful');
    const consumer = newOrganization();
    const key = randomUUID();
    const made = await Promise.all(
      Array.from({ length: 20 }, () => subscribe(client, consumer, plan.id, key)),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    await move(client, vendor, listing.id, DELIST);
    expect((await subscribe(client, consumer, plan.id, key)).id).toBe(made[0]?.id);
    await expect(subscribe(client, consumer, 'pln_other', key)).rejects.toMatchObject({
      kind: 'unprocessable',
    });
  });

  it('refuses the own listing, a delisted one, an unknown plan, and one never published as if it were unknown', async () => {
    const vendor = newVendor();
    const { listing, plan } = await publishedListing(client, vendor, 'faithful');
    await expect(subscribe(client, vendor.id, plan.id)).rejects.toMatchObject({
      code: 'marketplace.own_listing',
    });
    await move(client, vendor, listing.id, DELIST);
    const consumer = newOrganization();
    await expect(subscribe(client, consumer, plan.id)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'marketplace.listing_delisted',
    });
    const draft = await draftListing(client, vendor, 'faithful');
    const hidden = await addPlan(client, vendor, draft.id, '1');
    for (const id of [hidden.id, 'pln_absent', `pln_${'0'.repeat(32)}`]) {
      await expect(subscribe(client, consumer, id)).rejects.toMatchObject({
        code: 'marketplace.plan_not_found',
      });
    }
  });

  it('keeps one payer per route: the successor of a delisted listing waits for the cancellation', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const old = await publishedListing(client, vendor, 'faithful');
    const { id } = await subscribe(client, consumer, old.plan.id);
    await move(client, vendor, old.listing.id, DELIST);
    const { plan } = await publishedListing(client, vendor, 'faithful', '7');
    await expect(subscribe(client, consumer, plan.id)).rejects.toMatchObject({
      code: 'marketplace.already_subscribed',
    });
    await client.cancelSubscription({ organizationId: consumer, subscriptionId: id });
    expect((await subscribe(client, consumer, plan.id)).unitPrice?.nano).toBe('7');
  });
});

describe('GetSubscription, ListSubscriptions, CancelSubscription', () => {
  it('end a subscription once: a repeat answers the same and tells nothing more', async () => {
    const { plan } = await publishedListing(client, newVendor(), 'faithful');
    const consumer = newOrganization();
    const { id, routeName } = await subscribe(client, consumer, plan.id);
    const cancel = () => client.cancelSubscription({ organizationId: consumer, subscriptionId: id });
    const [first, second] = await Promise.all([cancel(), cancel()]);
    expect(first.subscription).toMatchObject({ state: marketplace.SubscriptionState.CANCELLED });
    expect(second).toEqual(first);
    expect(await cancel()).toEqual(first);
    expect(await client.getSubscription({ organizationId: consumer, subscriptionId: id })).toEqual(first);
    expect(await events('marketplace.v1.subscription.cancelled', id)).toEqual([
      { subscriptionId: id, consumerOrganizationId: consumer, routeName },
    ]);
  });

  it('page through the own ones, oldest first', async () => {
    const consumer = newOrganization();
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { plan } = await publishedListing(client, newVendor(), 'faithful');
      ids.push((await subscribe(client, consumer, plan.id)).id);
    }
    const page = (pageToken: string) =>
      client.listSubscriptions({ organizationId: consumer, pageSize: 2, pageToken });
    const first = await page('');
    const second = await page(first.nextPageToken);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  });

  it("answer another organization's subscription as absent, also to its vendor", async () => {
    const vendor = newVendor();
    const { plan } = await publishedListing(client, vendor, 'faithful');
    const { id: subscriptionId } = await subscribe(client, newOrganization(), plan.id);
    const absent = { code: 'marketplace.subscription_not_found' };
    for (const organizationId of [vendor.id, newOrganization()]) {
      await expect(client.getSubscription({ organizationId, subscriptionId })).rejects.toMatchObject(absent);
      await expect(client.cancelSubscription({ organizationId, subscriptionId })).rejects.toMatchObject(
        absent,
      );
    }
  });
});
