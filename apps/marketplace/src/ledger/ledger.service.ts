import { Injectable, Logger } from '@nestjs/common';
import { pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { fitsNano } from '../money.js';
import type { Money } from '../money.js';
import { SubscriptionsService } from '../subscriptions/subscriptions.service.js';
import type { LedgerEntry } from './ledger-entry.entity.js';
import { sumTooLarge } from './ledger.errors.js';
import { LedgerRepository } from './ledger.repository.js';
import type { UnpricedUsage, UsageFilter } from './ledger.repository.js';
import { price } from './pricing.js';
import type { UsageFact } from './pricing.js';

/** Count and sums of a ledger; integers are text. */
export interface UsageSummary {
  readonly entries: string;
  readonly quantity: string;
  /** One per currency, in the order of their codes. */
  readonly amounts: readonly Money[];
}

/** Prices usage into the append-only ledger, and tells what an organization pays for. */
@Injectable()
export class LedgerService {
  private readonly logger = new Logger(LedgerService.name);

  constructor(
    private readonly ledger: LedgerRepository,
    private readonly subscriptions: SubscriptionsService,
  ) {}

  /**
   * Records a batch in the caller's transaction. Events that are in the ledger already change nothing; events that
   * cannot be priced are kept apart with the reason, and the rest goes on.
   */
  async record(tx: EntityManager, facts: readonly UsageFact[]): Promise<void> {
    const ids = new Set(facts.map((fact) => fact.subscriptionId));
    const agreements = await this.subscriptions.findForPricing(tx, [...ids]);
    const entries: LedgerEntry[] = [];
    const unpriced: UnpricedUsage[] = [];
    for (const fact of facts) {
      const pricing = price(fact, agreements.get(fact.subscriptionId));
      if ('entry' in pricing) entries.push(pricing.entry);
      else unpriced.push({ fact, reason: pricing.reason });
    }
    const added = await this.ledger.insertNew(tx, entries);
    await this.ledger.insertUnpriced(tx, unpriced);
    if (added < entries.length)
      this.logger.log(`${entries.length - added} usage events were in the ledger already`);
    if (unpriced.length > 0) this.warnOf(unpriced);
  }

  /** What the organization pays for, in the order in which it was recorded. */
  list(filter: UsageFilter, page: PageRequest): Promise<Page<LedgerEntry>> {
    return this.ledger.list(storable(filter), pageBounds(page));
  }

  /** Count and sums of what the organization pays for. */
  async summarize(filter: UsageFilter): Promise<UsageSummary> {
    const sums = await this.ledger.summarize(storable(filter));
    if (!sums.every((sum) => fitsNano(BigInt(sum.amountNano)))) throw sumTooLarge();
    return {
      entries: total(sums.map((sum) => sum.entries)),
      quantity: total(sums.map((sum) => sum.quantity)),
      amounts: sums.map(({ currency, amountNano }) => ({ currency, nano: amountNano })),
    };
  }

  private warnOf(unpriced: readonly UnpricedUsage[]): void {
    const lines = unpriced.slice(0, 5).map(({ fact, reason }) => `${fact.id} (${reason})`);
    const more = unpriced.length > lines.length ? ` and ${unpriced.length - lines.length} more` : '';
    this.logger.warn(`usage without a price is kept in unpriced_usage: ${lines.join(', ')}${more}`);
  }
}

function total(numbers: readonly string[]): string {
  return numbers.reduce((sum, number) => sum + BigInt(number), 0n).toString();
}

/** U+0000 is in no id: with it taken as it is, PostgreSQL would refuse the query. */
function storable({ organizationId, subscriptionId }: UsageFilter): UsageFilter {
  return { organizationId, subscriptionId: subscriptionId.replaceAll('\0', '\uFFFD') };
}
