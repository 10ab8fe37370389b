import { randomUUID } from 'node:crypto';
import { eventually, publishEvent, testNatsUrl } from '@aimass/testing';
import { describe, expect, it } from 'vitest';
import { defined, newOrganization, newVendor, publishedListing, subscribe, usageEvent } from './fixtures.js';
import { client, db } from './harness.js';

describe('gateway.v1.usage.recorded', () => {
  const publish = (batch: ReturnType<typeof usageEvent>[], id?: string) =>
    publishEvent(testNatsUrl(), 'gateway.v1.usage.recorded', { events: batch }, id);
  const summarize = (organizationId: string, subscriptionId = '') =>
    client.summarizeUsage({ organizationId, subscriptionId });
  const summaryOf = (organizationId: string, entries: string) =>
    eventually(async () => {
      const summary = await summarize(organizationId);
      return summary.entries === entries ? summary : undefined;
    });

  it('counts a batch once, whether the message or its events come again', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const { plan } = await publishedListing(client, vendor, 'faithful', '1234567');
    const { id: subscriptionId, routeName } = await subscribe(client, consumer, plan.id);
    const paid = { ownerOrganizationId: vendor.id, subscriptionId, modelName: routeName };
    const batch = Array.from({ length: 1_000 }, (_, index) =>
      usageEvent(consumer, { ...paid, quantity: 1 + (index % 3) }),
    );
    const own = usageEvent(consumer);
    const message = randomUUID();
    await publish(batch, message);
    await publish(batch, message);
    await publish([...batch.slice(500), own, own]);
    const summary = await summaryOf(consumer, '1001');
    // 334 × 1 + 333 × 2 + 333 × 3 units, and 1 of its own.
    expect(summary).toEqual({
      entries: '1001',
      quantity: '2000',
      amounts: [{ currency: 'USD', nano: (1_999n * 1_234_567n).toString() }],
    });
    expect(await summarize(consumer, subscriptionId)).toMatchObject({ entries: '1000', quantity: '1999' });
    expect(await summarize(vendor.id)).toEqual({ entries: '0', quantity: '0', amounts: [] });
  });

  it('lists what the organization pays for, in order, and only that', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const { plan } = await publishedListing(client, vendor, 'faithful', '5');
    const { id: subscriptionId, routeName } = await subscribe(client, consumer, plan.id);
    const batch = [
      usageEvent(consumer, {
        ownerOrganizationId: vendor.id,
        subscriptionId,
        modelName: routeName,
        quantity: 2,
      }),
      usageEvent(consumer),
      usageEvent(consumer, { ownerOrganizationId: vendor.id, subscriptionId, modelName: routeName }),
    ];
    await publish(batch);
    await summaryOf(consumer, '3');
    const list = (organizationId: string, subscription = '', pageSize = 2, pageToken = '') =>
      client.listUsage({ organizationId, subscriptionId: subscription, pageSize, pageToken });
    const first = await list(consumer);
    const second = await list(consumer, '', 2, first.nextPageToken);
    expect([...first.items, ...second.items].map((item) => item.usageEventId)).toEqual(
      batch.map(({ id }) => id),
    );
    expect(first.items[0]).toMatchObject({
      debitOrganizationId: consumer,
      creditOrganizationId: vendor.id,
      subscriptionId,
      planId: plan.id,
      modelName: routeName,
      quantity: 2,
      amount: { currency: 'USD', nano: '10' },
      occurredAt: batch[0]?.occurredAt,
    });
    expect(first.items[1]).toMatchObject({
      creditOrganizationId: consumer,
      planId: '',
      amount: { nano: '0' },
    });
    expect((await list(consumer, subscriptionId)).items).toHaveLength(2);
    expect((await list(vendor.id)).items).toEqual([]);
    expect((await list(newOrganization(), subscriptionId)).items).toEqual([]);
    await expect(list(consumer, '', 1, 'bogus')).rejects.toMatchObject({ code: 'page_token_invalid' });
  });

  it('keeps what it cannot price apart with the reason, and records the rest of the batch', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const { plan } = await publishedListing(client, vendor, 'faithful', '1000000000000000');
    const { id: subscriptionId } = await subscribe(client, consumer, plan.id);
    const paid = { ownerOrganizationId: vendor.id, subscriptionId };
    const bad = [
      usageEvent(consumer, { ...paid, subscriptionId: `sub_${'0'.repeat(32)}` }),
      usageEvent(newOrganization(), paid),
      usageEvent(consumer, { ...paid, subscriptionId: '' }),
      usageEvent(consumer, { ...paid, quantity: 4_294_967_295 }),
      usageEvent(consumer, { requestId: 'a\0b', subscriptionId: "'\0" }),
    ];
    await publish([...bad, usageEvent(consumer, paid)]);
    await publish(bad);
    await publish([usageEvent(consumer, paid)]);
    await summaryOf(consumer, '2');
    const kept = await db.query<{ id: string; reason: string }>(
      'SELECT usage_event_id AS id, reason FROM unpriced_usage WHERE usage_event_id = ANY($1) ORDER BY 1',
      [bad.map(({ id }) => id)],
    );
    const reasons = [
      'subscription_unknown',
      'subscription_of_another',
      'subscription_missing',
      'amount_too_large',
      'malformed',
    ];
    expect(kept.rows).toEqual(bad.map(({ id }, index) => ({ id, reason: reasons[index] })));
  });

  it('prices late events of a cancelled subscription at its price, and not those answered after its end', async () => {
    const vendor = newVendor();
    const consumer = newOrganization();
    const { plan } = await publishedListing(client, vendor, 'faithful', '3');
    const { id: subscriptionId } = await subscribe(client, consumer, plan.id);
    const { subscription } = await client.cancelSubscription({ organizationId: consumer, subscriptionId });
    const end = defined(subscription?.cancelledAt).getTime();
    const at = (offsetMs: number) =>
      usageEvent(consumer, {
        ownerOrganizationId: vendor.id,
        subscriptionId,
        occurredAt: new Date(end + offsetMs),
      });
    await publish([at(-3_600_000), at(59_000), at(61_000)]);
    const summary = await summaryOf(consumer, '2');
    expect(summary.amounts).toEqual([{ currency: 'USD', nano: '6' }]);
  });

  it.each([
    `UPDATE ledger_entry SET amount_nano = 0`,
    `DELETE FROM ledger_entry`,
    `TRUNCATE ledger_entry`,
    `UPDATE plan SET unit_price_nano = 0`,
    `DELETE FROM plan`,
  ])('is final: Postgres refuses %s', async (statement) => {
    await expect(db.query(statement)).rejects.toMatchObject({ code: '23001' });
  });
});
