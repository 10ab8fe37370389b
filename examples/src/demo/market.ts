import type { GatewayClient } from '../gateway-client.js';
import type { Listing, UsageSummary } from './api-types.js';
import type { Narrator } from './narrator.js';
import { inParallel } from './serving.js';
import { MODEL } from './training.js';
import { waitFor } from './wait.js';

/** The three who meet on the market. */
export interface Traders {
  readonly platform: GatewayClient;
  readonly vendor: GatewayClient;
  readonly consumer: GatewayClient;
}

/** What the consumer used and pays. */
export interface PaidUsage {
  /** Calls that were answered. */
  readonly answered: number;
  /** Entries in the usage ledger. */
  readonly ledger: number;
  /** Their sum in billionths. */
  readonly amountNano: string;
}

const PRICE = { currency: 'USD', nano: '1500000' };

/** The vendor lists the model with a price per request; the platform approves it. */
export async function publish({ vendor, platform }: Traders, say: Narrator): Promise<void> {
  const listing = await vendor.post<Listing>('/listings', {
    deploymentName: MODEL,
    title: 'Old Faithful: minutes to the next eruption',
    description: 'Linear regression on 272 eruptions of the Yellowstone geyser.',
  });
  await vendor.post(`/listings/${listing.id}/plans`, { name: 'pay per request', unitPrice: PRICE });
  await vendor.post(`/listings/${listing.id}:submit`);
  await platform.post(`/listings/${listing.id}:approve`);
  await vendor.post(`/listings/${listing.id}:publish`);
  say.line('listed, reviewed and published');
}

/** The consumer finds the model, subscribes, calls it, and reads the bill. */
export async function subscribeAndCall(
  { consumer }: Traders,
  say: Narrator,
  calls: number,
): Promise<PaidUsage> {
  const found = await consumer.get<{ items: Listing[] }>('/listings?query=eruption');
  const listing = found.items[0];
  const plan = listing?.plans[0];
  if (!listing || !plan) throw new Error('The listing was not found.');
  say.line(
    `found "${listing.title}" by ${listing.vendorName}, ${Number(plan.unitPrice.nano) / 1e9} ${plan.unitPrice.currency} a request`,
  );
  const { routeName } = await consumer.post<{ routeName: string }>('/subscriptions', { planId: plan.id });

  let answered = 0;
  await waitFor('the subscription to reach the gateway', async () => {
    const { status } = await consumer.infer(routeName, 1);
    if (status === 200) answered += 1;
    return status === 200 ? true : undefined;
  });
  const answers = await inParallel(calls, 8, () => consumer.infer(routeName, 4));
  answered += answers.filter(({ status }) => status === 200).length;

  const summary = await waitFor('the ledger to hold every answered call', async () => {
    const now = await consumer.get<UsageSummary>('/usage/summary');
    return Number(now.entries) >= answered ? now : undefined;
  });
  const ledger = Number(summary.entries);
  const amountNano = summary.amounts[0]?.nano ?? '0';
  say.line(
    `${routeName}: ${answered} calls answered, ${ledger} ledger entries, ${Number(amountNano) / 1e9} ${PRICE.currency}`,
  );
  return { answered, ledger, amountNano };
}
