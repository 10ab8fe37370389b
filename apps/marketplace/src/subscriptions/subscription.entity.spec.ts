import { describe, expect, it } from 'vitest';
import { CANCEL_GRACE_MS, Subscription } from './subscription.entity.js';

const offer = {
  listing: {
    id: 'lst_1',
    vendorOrganizationId: 'org_vendor',
    deploymentName: 'faithful',
    routeName: 'acme/faithful',
  },
  plan: { id: 'pln_1', unitPrice: { currency: 'USD', nano: '1500000' } },
};

describe('Subscription', () => {
  it('freezes the price and the route name', () => {
    expect(Subscription.create('org_consumer', offer)).toMatchObject({
      routeName: 'acme/faithful',
      unitPrice: { currency: 'USD', nano: '1500000' },
      cancelledAt: null,
    });
  });

  it('is not for the vendor itself', () => {
    expect(() => Subscription.create('org_vendor', offer)).toThrow(/its own listing/);
  });

  it('ends once; a second cancellation keeps the first time', () => {
    const subscription = Subscription.create('org_consumer', offer);
    expect(subscription.cancel()).toBe(true);
    const { cancelledAt } = subscription;
    expect(subscription.cancel()).toBe(false);
    expect(subscription.cancelledAt).toBe(cancelledAt);
  });

  it('covers every call while in force, and calls up to the grace after its end', () => {
    const subscription = Subscription.create('org_consumer', offer);
    expect(subscription.covers(new Date(8e15))).toBe(true);
    subscription.cancel();
    const end = subscription.cancelledAt?.getTime() ?? 0;
    expect(subscription.covers(new Date(end - 1e9))).toBe(true);
    expect(subscription.covers(new Date(end + CANCEL_GRACE_MS))).toBe(true);
    expect(subscription.covers(new Date(end + CANCEL_GRACE_MS + 1))).toBe(false);
  });
});
