import type { gatewayEvents, marketplace } from '@aimass/contracts';
import type { LedgerEntry } from './ledger-entry.entity.js';
import type { UsageSummary } from './ledger.service.js';
import type { UsageFact } from './pricing.js';

export function toFact(event: gatewayEvents.UsageEvent): UsageFact {
  return { ...event, occurredAt: event.occurredAt ?? null };
}

export function toEntryProto(entry: LedgerEntry): marketplace.LedgerEntry {
  const { id, usageEventId, debitOrganizationId, creditOrganizationId, subscriptionId, planId } = entry;
  const { modelName, modelVersionId, requestId, quantity, amount, occurredAt } = entry;
  return {
    id,
    usageEventId,
    debitOrganizationId,
    creditOrganizationId,
    subscriptionId,
    planId,
    modelName,
    modelVersionId,
    requestId,
    quantity: Number(quantity),
    amount,
    occurredAt,
  };
}

export function toSummaryProto(summary: UsageSummary): marketplace.SummarizeUsageResponse {
  return { entries: summary.entries, quantity: summary.quantity, amounts: [...summary.amounts] };
}
