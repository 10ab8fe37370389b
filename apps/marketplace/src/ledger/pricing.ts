import { times } from '../money.js';
import type { Money } from '../money.js';
import { LedgerEntry } from './ledger-entry.entity.js';

/** One metered fact as the gateway recorded it. */
export interface UsageFact {
  /** The usage event; unique for ever. */
  readonly id: string;
  /** When the call was answered; null when the event does not say. */
  readonly occurredAt: Date | null;
  readonly organizationId: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly modelName: string;
  readonly deploymentId: string;
  readonly modelVersionId: string;
  readonly ownerOrganizationId: string;
  /** Empty for the organization's own models. */
  readonly subscriptionId: string;
  readonly quantity: number;
}

/** What a subscription says about money. */
export interface Agreement {
  readonly id: string;
  readonly consumerOrganizationId: string;
  readonly vendorOrganizationId: string;
  readonly planId: string;
  readonly unitPrice: Money;
  /** Whether a call answered at this time is paid for. */
  covers(time: Date): boolean;
}

/** Why a fact could not become a ledger entry. */
export type UnpricedReason =
  /** It lacks a part that every event has, or holds a text that cannot be stored. */
  | 'malformed'
  /** It names a subscription that does not exist. */
  | 'subscription_unknown'
  /** Another organization's subscription. */
  | 'subscription_of_another'
  /** The model's owner is not the subscription's vendor. */
  | 'owner_is_not_vendor'
  /** Another organization's model was called, and no subscription pays. */
  | 'subscription_missing'
  /** Answered later than the grace after the subscription's end. */
  | 'subscription_ended'
  /** The amount does not fit into 64 bits. */
  | 'amount_too_large';

/** A ledger entry, or why there is none. */
export type Pricing = { readonly entry: LedgerEntry } | { readonly reason: UnpricedReason };

/** Longer than any id of ours, shorter than what an index takes. Characters. */
export const MAX_ID_LENGTH = 200;

/** The currency of entries that cost nothing. */
const FREE: Money = { currency: 'USD', nano: '0' };

/**
 * Prices one fact: quantity times the frozen unit price of the subscription it names, from its consumer to its vendor;
 * 0 for the organization's own models. `agreement` is the subscription that the fact names, if there is one.
 */
export function price(fact: UsageFact, agreement: Agreement | undefined): Pricing {
  if (!isComplete(fact)) return { reason: 'malformed' };
  if (fact.subscriptionId === '') {
    if (fact.ownerOrganizationId !== fact.organizationId) return { reason: 'subscription_missing' };
    const { organizationId } = fact;
    return {
      entry: LedgerEntry.create(fact, {
        debit: organizationId,
        credit: organizationId,
        planId: '',
        amount: FREE,
      }),
    };
  }
  return agreement ? priceAgreed(fact, agreement) : { reason: 'subscription_unknown' };
}

/** A fact that has everything an entry needs. */
export interface CompleteFact extends UsageFact {
  readonly occurredAt: Date;
}

function priceAgreed(fact: CompleteFact, agreement: Agreement): Pricing {
  const { consumerOrganizationId: debit, vendorOrganizationId: credit, planId, unitPrice } = agreement;
  if (fact.organizationId !== debit) return { reason: 'subscription_of_another' };
  if (fact.ownerOrganizationId !== credit) return { reason: 'owner_is_not_vendor' };
  if (!agreement.covers(fact.occurredAt)) return { reason: 'subscription_ended' };
  const amount = times(unitPrice, fact.quantity);
  if (amount === null) return { reason: 'amount_too_large' };
  return { entry: LedgerEntry.create(fact, { debit, credit, planId, amount }) };
}

function isComplete(fact: UsageFact): fact is CompleteFact {
  const hasTime = fact.occurredAt !== null && !Number.isNaN(fact.occurredAt.getTime());
  const hasParties = [fact.id, fact.organizationId, fact.ownerOrganizationId].every(isIndexable);
  // PostgreSQL cannot store U+0000, nor index a long text; one such event must not hold up the whole batch.
  const isStorable = !Object.values(fact).some((value) => typeof value === 'string' && value.includes('\0'));
  return hasTime && hasParties && isStorable && fact.quantity > 0;
}

function isIndexable(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH;
}
