import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  deploy,
  must,
  newOrganization,
  oldFaithfulSplit,
  platformAdmin,
  row,
  trainVersion,
} from '../support/api.js';
import type { Api } from '../support/api.js';

const PRICE = { currency: 'USD', nano: '1500000' };
const CALLS = 40;
let vendor: Api;
let consumer: Api;
let listingId: string;
let planId: string;

beforeAll(async () => {
  vendor = await newOrganization();
  consumer = await newOrganization();
  await deploy(vendor, await trainVersion(vendor, await oldFaithfulSplit(vendor), 'production'));
});

describe('a listing', () => {
  it('is invisible to others until it was reviewed and published', async () => {
    const body = { deploymentName: 'old-faithful', title: `Eruptions by ${vendor.organization}` };
    listingId = (await must(vendor.post('/listings', body), 201)).body.id as string;
    expect((await vendor.post(`/listings/${listingId}:submit`)).status).toBe(409);
    planId = (
      await must(vendor.post(`/listings/${listingId}/plans`, { name: 'per request', unitPrice: PRICE }), 201)
    ).body.id as string;
    await must(vendor.post(`/listings/${listingId}:submit`), 200);
    expect((await vendor.post(`/listings/${listingId}:approve`)).status).toBe(403);
    expect((await consumer.get(`/listings/${listingId}`)).status).toBe(404);
    expect((await consumer.post('/subscriptions', { planId })).status).toBeGreaterThanOrEqual(404);
    await must(platformAdmin().post(`/listings/${listingId}:approve`), 200);
    await must(vendor.post(`/listings/${listingId}:publish`), 200);
    const found = await must(consumer.get(`/listings?query=${vendor.organization}`), 200);
    expect(found.body.items).toMatchObject([{ id: listingId, plans: [{ id: planId, unitPrice: PRICE }] }]);
  });
});

describe('a subscription', () => {
  it('opens the route, and the ledger holds exactly one priced entry for each answered call', async () => {
    const subscription = (await must(consumer.post('/subscriptions', { planId }), 201)).body;
    const route = subscription.routeName as string;
    expect(route).toBe(`${vendor.organization}/old-faithful`);
    let answered = 0;
    const call = async (eruptions: unknown) => {
      const inputs = [{ name: 'features', shape: [1, 1], datatype: 'FP32', data: [eruptions] }];
      const { status } = await consumer.infer(route, inputs);
      if (status === 200) answered += 1;
      return status;
    };
    await eventually(async () => ((await call(1)) === 200 ? true : undefined));
    await Promise.all(Array.from({ length: CALLS }, (_, index) => call(index)));
    // A refused call costs nothing.
    expect(await call('text')).toBe(400);
    expect(answered).toBe(CALLS + 1);

    const summary = await eventually(async () => {
      const { body } = await must(consumer.get('/usage/summary'), 200);
      return Number(body.entries) >= answered ? body : undefined;
    });
    expect(summary).toEqual({
      entries: String(answered),
      quantity: String(answered),
      amounts: [{ currency: 'USD', nano: String(BigInt(answered) * 1_500_000n) }],
    });
    const { body: page } = await must(consumer.get('/usage?pageSize=200'), 200);
    expect(new Set((page.items as { usageEventId: string }[]).map((entry) => entry.usageEventId)).size).toBe(
      answered,
    );
    expect(page.items[0]).toMatchObject({ modelName: route, subscriptionId: subscription.id, amount: PRICE });

    await must(consumer.post(`/subscriptions/${subscription.id as string}:cancel`), 200);
    await eventually(async () => ((await call(1)) === 404 ? true : undefined));
  });

  it('does not open the vendor to others, nor the own models of the vendor by their bare name', async () => {
    const stranger = await newOrganization();
    expect((await stranger.infer(`${vendor.organization}/old-faithful`, row(4))).status).toBe(404);
    expect((await consumer.infer('old-faithful', row(4))).status).toBe(404);
  });
});
