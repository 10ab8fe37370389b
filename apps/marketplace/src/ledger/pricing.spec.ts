import { describe, expect, it } from 'vitest';
import { price } from './pricing.js';
import type { Agreement, UsageFact } from './pricing.js';

const fact: UsageFact = {
  id: '01926f00-0000-7000-8000-000000000001',
  occurredAt: new Date('2026-11-23T12:00:00Z'),
  organizationId: 'org_consumer',
  keyId: 'key_1',
  requestId: 'req_1',
  modelName: 'acme/faithful',
  deploymentId: 'dep_1',
  modelVersionId: 'mv_1',
  ownerOrganizationId: 'org_vendor',
  subscriptionId: 'sub_1',
  quantity: 3,
};
const agreement: Agreement = {
  id: 'sub_1',
  consumerOrganizationId: 'org_consumer',
  vendorOrganizationId: 'org_vendor',
  planId: 'pln_1',
  unitPrice: { currency: 'EUR', nano: '1500000' },
  covers: () => true,
};
const own: UsageFact = { ...fact, ownerOrganizationId: 'org_consumer', subscriptionId: '' };

describe('price', () => {
  it('takes quantity × unit price from the consumer to the vendor', () => {
    expect(price(fact, agreement)).toMatchObject({
      entry: {
        usageEventId: fact.id,
        debitOrganizationId: 'org_consumer',
        creditOrganizationId: 'org_vendor',
        subscriptionId: 'sub_1',
        planId: 'pln_1',
        quantity: '3',
        amount: { currency: 'EUR', nano: '4500000' },
      },
    });
  });

  it("costs nothing for the organization's own model", () => {
    expect(price(own, undefined)).toMatchObject({
      entry: {
        debitOrganizationId: 'org_consumer',
        creditOrganizationId: 'org_consumer',
        subscriptionId: '',
        planId: '',
        amount: { currency: 'USD', nano: '0' },
      },
    });
  });

  it.each([
    ['subscription_unknown', fact, undefined],
    ['subscription_of_another', { ...fact, organizationId: 'org_thief' }, agreement],
    ['owner_is_not_vendor', { ...fact, ownerOrganizationId: 'org_other' }, agreement],
    ['subscription_missing', { ...fact, subscriptionId: '' }, undefined],
    ['subscription_ended', fact, { ...agreement, covers: () => false }],
    [
      'amount_too_large',
      { ...fact, quantity: 4_294_967_295 },
      { ...agreement, unitPrice: { currency: 'USD', nano: '1000000000000000' } },
    ],
  ] as const)('tells %s rather than guess', (reason, usage, terms) => {
    expect(price(usage, terms)).toEqual({ reason });
  });

  it.each([
    ['no id', { id: '' }],
    ['no time', { occurredAt: null }],
    ['a time that is none', { occurredAt: new Date(Number.NaN) }],
    ['no caller', { organizationId: '' }],
    ['no owner', { ownerOrganizationId: '' }],
    ['no quantity', { quantity: 0 }],
    ['an endless id', { id: 'x'.repeat(201) }],
    ['a NUL', { requestId: 'a\0b' }],
  ])('calls a fact with %s malformed', (_, change) => {
    expect(price({ ...fact, ...change }, agreement)).toEqual({ reason: 'malformed' });
  });
});
