import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { newId, toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { LedgerEntry } from './ledger-entry.entity.js';
import { MAX_ID_LENGTH } from './pricing.js';
import type { UnpricedReason, UsageFact } from './pricing.js';

/** Whose usage, and under which subscription; an empty subscription means all. */
export interface UsageFilter {
  readonly organizationId: string;
  readonly subscriptionId: string;
}

/** Usage in one currency. All integers are text. */
export interface UsageSum {
  readonly currency: string;
  readonly entries: string;
  readonly quantity: string;
  readonly amountNano: string;
}

/** A fact that could not become an entry, and why. */
export interface UnpricedUsage {
  readonly fact: UsageFact;
  readonly reason: UnpricedReason;
}

/** Column → its type and where its value comes from; one array per column travels, whatever the number of rows. */
const COLUMNS: readonly (readonly [name: string, type: string, value: (entry: LedgerEntry) => unknown])[] = [
  ['id', 'text', (entry) => entry.id],
  ['usage_event_id', 'text', (entry) => entry.usageEventId],
  ['debit_organization_id', 'text', (entry) => entry.debitOrganizationId],
  ['credit_organization_id', 'text', (entry) => entry.creditOrganizationId],
  ['subscription_id', 'text', (entry) => entry.subscriptionId],
  ['plan_id', 'text', (entry) => entry.planId],
  ['key_id', 'text', (entry) => entry.keyId],
  ['model_name', 'text', (entry) => entry.modelName],
  ['model_version_id', 'text', (entry) => entry.modelVersionId],
  ['deployment_id', 'text', (entry) => entry.deploymentId],
  ['request_id', 'text', (entry) => entry.requestId],
  ['quantity', 'bigint', (entry) => entry.quantity],
  ['currency', 'text', (entry) => entry.currency],
  ['amount_nano', 'bigint', (entry) => entry.amountNano],
  ['occurred_at', 'timestamptz', (entry) => entry.occurredAt.toISOString()],
];

/**
 * Entries first, then sums: aggregation waits for all entries, and both go in sorted order, so that concurrent writers
 * take their locks in one order.
 */
const INSERT = `
  WITH added AS (
    INSERT INTO ledger_entry (${COLUMNS.map(([name]) => name).join(', ')})
    SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
    ON CONFLICT (usage_event_id) DO NOTHING
    RETURNING debit_organization_id, subscription_id, currency, quantity, amount_nano
  ), summed AS (
    INSERT INTO usage_total AS total
    SELECT debit_organization_id, subscription_id, currency, count(*), sum(quantity), sum(amount_nano)
    FROM added GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (debit_organization_id, subscription_id, currency) DO UPDATE SET
      entries = total.entries + EXCLUDED.entries,
      quantity = total.quantity + EXCLUDED.quantity,
      amount_nano = total.amount_nano + EXCLUDED.amount_nano
  ) SELECT count(*)::integer AS count FROM added`;

/** All SQL of the ledger. */
@Injectable()
export class LedgerRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Adds the entries whose usage event is not in the ledger yet, and their sums, in one statement; returns how many. */
  async insertNew(tx: EntityManager, entries: readonly LedgerEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    // Always in the same order, so that two writers of the same events wait for each other and cannot deadlock.
    const ordered = [...entries].sort((a, b) => (a.usageEventId < b.usageEventId ? -1 : 1));
    const rows: { count: number }[] = await tx.query(
      INSERT,
      COLUMNS.map(([, , value]) => ordered.map(value)),
    );
    return rows[0]?.count ?? 0;
  }

  /** Keeps what could not be priced, once per usage event. */
  async insertUnpriced(tx: EntityManager, unpriced: readonly UnpricedUsage[]): Promise<void> {
    if (unpriced.length === 0) return;
    const ordered = unpriced.map(toUnpricedRow).sort((a, b) => (a.usageEventId < b.usageEventId ? -1 : 1));
    await tx.query(
      `INSERT INTO unpriced_usage (id, usage_event_id, reason, event)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) ON CONFLICT DO NOTHING`,
      [
        ordered.map((row) => row.id),
        ordered.map((row) => row.usageEventId),
        ordered.map((row) => row.reason),
        ordered.map((row) => row.event),
      ],
    );
  }

  /** In the order in which they were recorded; runs over `ledger_entry_debit` or `ledger_entry_subscription`. */
  async list(filter: UsageFilter, bounds: PageBounds): Promise<Page<LedgerEntry>> {
    const { organizationId, subscriptionId } = filter;
    const rows = await this.dataSource.manager.find(LedgerEntry, {
      where: {
        debitOrganizationId: organizationId,
        ...(subscriptionId === '' ? {} : { subscriptionId }),
        id: MoreThan(bounds.afterId),
      },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  /** One sum per currency; reads a row per subscription and currency, however many entries there are. */
  summarize(filter: UsageFilter): Promise<UsageSum[]> {
    const { organizationId, subscriptionId } = filter;
    const isOne = subscriptionId !== '';
    return this.dataSource.query(
      `SELECT currency, sum(entries)::text AS entries, sum(quantity)::text AS quantity, sum(amount_nano)::text AS "amountNano"
       FROM usage_total WHERE debit_organization_id = $1 ${isOne ? 'AND subscription_id = $2' : ''}
       GROUP BY currency ORDER BY currency`,
      isOne ? [organizationId, subscriptionId] : [organizationId],
    );
  }
}

/** U+0000 cannot be stored, so it is written as its escape; the event holds the whole of an id that is cut. */
function toUnpricedRow({ fact, reason }: UnpricedUsage) {
  const visible = (text: string): string => text.replaceAll('\0', '\\0');
  const event = JSON.stringify(fact, (_, value: unknown) =>
    typeof value === 'string' ? visible(value) : value,
  );
  return { id: newId('unp'), usageEventId: visible(fact.id).slice(0, MAX_ID_LENGTH), reason, event };
}
