import { randomUUID } from 'node:crypto';
import { marketplace, trafficControl } from '@aimass/contracts';
import type { gatewayEvents } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { GrpcClient } from '@aimass/platform-grpc';
import { startFakePeer } from '@aimass/testing';
import type { FakePeer } from '@aimass/testing';
import { uuidv7 } from 'uuidv7';

export type MarketplaceClient = GrpcClient<typeof marketplace.MarketplaceServiceService>;

/** An organization that sells; its name is its own. */
export interface Vendor {
  readonly id: string;
  readonly name: string;
}

export const newOrganization = () => `org_${randomUUID().replaceAll('-', '')}`;

export function newVendor(): Vendor {
  return { id: newOrganization(), name: `vendor-${randomUUID().slice(0, 8)}` };
}

/**
 * A traffic-control in which every organization has every deployment but those named `no-…`; at `down-…` it is away, and
 * of `bare-…` nobody knows where it comes from.
 */
export function startFakeTrafficControl(): Promise<FakePeer> {
  return startFakePeer(trafficControl.TrafficControlServiceService, {
    getDeployment: ({ deployment }) => {
      if (deployment.startsWith('no-')) {
        return Promise.reject(
          new DomainError('not_found', 'traffic_control.deployment_not_found', 'There is none.'),
        );
      }
      if (deployment.startsWith('down-')) {
        return Promise.reject(new DomainError('unavailable', 'service_unavailable', 'It does not answer.'));
      }
      const at = new Date();
      const id = `dep_${deployment}`;
      const hasLineage = !deployment.startsWith('bare-');
      const version = { modelVersionId: 'mv_1', modelName: 'm', versionNumber: 1 };
      const variants = [{ name: 'v1', ...version, weight: 1, serving: undefined, hasLineage }];
      return Promise.resolve({
        deployment: { id, name: deployment, variants, etag: '1', createdAt: at, updatedAt: at },
      });
    },
  });
}

/** A draft of the vendor's deployment. */
export async function draftListing(
  client: MarketplaceClient,
  vendor: Vendor,
  deploymentName: string,
  title = 'Title',
) {
  const { listing } = await client.createListing({
    organizationId: vendor.id,
    organizationName: vendor.name,
    requestId: '',
    deploymentName,
    title,
    description: 'Predicts the wait for the next eruption.',
  });
  return defined(listing);
}

/** A plan of so many nano USD a request. */
export async function addPlan(client: MarketplaceClient, vendor: Vendor, listingId: string, nano: string) {
  const { plan } = await client.createPlan({
    organizationId: vendor.id,
    requestId: '',
    listingId,
    name: 'Per request',
    unit: marketplace.PlanUnit.REQUEST,
    unitPrice: { currency: 'USD', nano },
  });
  return defined(plan);
}

/** A move, by the platform where the platform is needed. */
export async function move(
  client: MarketplaceClient,
  vendor: Vendor,
  listingId: string,
  step: marketplace.ListingMove,
) {
  const asPlatform = step === marketplace.ListingMove.APPROVE || step === marketplace.ListingMove.REJECT;
  const note = step === marketplace.ListingMove.REJECT ? 'No sample input.' : '';
  const { listing } = await client.moveListing({
    organizationId: vendor.id,
    listingId,
    move: step,
    asPlatform,
    note,
  });
  return defined(listing);
}

/** A published listing with one plan. */
export async function publishedListing(
  client: MarketplaceClient,
  vendor: Vendor,
  deployment: string,
  nano = '1500000',
) {
  const draft = await draftListing(client, vendor, deployment);
  const plan = await addPlan(client, vendor, draft.id, nano);
  const { SUBMIT, APPROVE, PUBLISH } = marketplace.ListingMove;
  for (const step of [SUBMIT, APPROVE, PUBLISH]) await move(client, vendor, draft.id, step);
  return { listing: draft, plan };
}

export async function subscribe(
  client: MarketplaceClient,
  organizationId: string,
  planId: string,
  requestId = '',
) {
  const { subscription } = await client.createSubscription({ organizationId, requestId, planId });
  return defined(subscription);
}

/** A usage event of the organization's own model, unless told otherwise. */
export function usageEvent(
  organizationId: string,
  change: Partial<gatewayEvents.UsageEvent> = {},
): gatewayEvents.UsageEvent {
  return {
    id: uuidv7(),
    occurredAt: new Date(),
    organizationId,
    keyId: 'key_1',
    requestId: randomUUID(),
    modelName: 'faithful',
    deploymentId: 'dep_1',
    modelVersionId: 'mv_1',
    ownerOrganizationId: organizationId,
    subscriptionId: '',
    quantity: 1,
    ...change,
  };
}

export function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer is empty');
  return value;
}
