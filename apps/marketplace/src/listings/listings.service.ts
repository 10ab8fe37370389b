import { Injectable } from '@nestjs/common';
import { emit } from '@aimass/platform-messaging';
import { isId, onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import { DeploymentsPeer } from './deployments.peer.js';
import { assertMayMove } from './listing-state.js';
import type { ListingMove } from './listing-state.js';
import { Listing } from './listing.entity.js';
import {
  deploymentNotFound,
  listingClosed,
  listingExists,
  lineageMissing,
  listingNotFound,
  planLimitReached,
  planNotFound,
  queryInvalid,
} from './listings.errors.js';
import { ListingsRepository } from './listings.repository.js';
import { Plan } from './plan.entity.js';
import type { PlanDraft } from './plan.entity.js';

const MAX_PLANS = 20;
const MAX_QUERY_CHARACTERS = 200;

/** Who asks for a new listing, and of what. */
export interface CreateListing {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly requestId: string;
  readonly deploymentName: string;
  readonly title: string;
  readonly description: string;
}

/** Who asks for a new plan, and what it is. */
export interface CreatePlan {
  readonly organizationId: string;
  readonly requestId: string;
  readonly draft: PlanDraft;
}

/** Who makes which move. */
export interface MoveListing {
  readonly organizationId: string;
  readonly listingId: string;
  readonly move: ListingMove;
  readonly asPlatform: boolean;
  readonly note: string;
}

/** A listing together with its plans, oldest first. */
export interface ListingView {
  readonly listing: Listing;
  readonly plans: readonly Plan[];
}

/** Starts listings, prices them, moves them along their life and finds them. */
@Injectable()
export class ListingsService {
  constructor(
    private readonly listings: ListingsRepository,
    private readonly deployments: DeploymentsPeer,
  ) {}

  /** Asks traffic-control before the transaction, so that no row is held while the network is waited for. */
  async create(request: CreateListing): Promise<ListingView> {
    const { organizationId, requestId, organizationName, deploymentName, title, description } = request;
    const draft = { vendorOrganizationId: organizationId, vendorName: organizationName, title, description };
    const listing = Listing.create({ ...draft, deploymentName });
    const name = await this.deployments.findName(organizationId, deploymentName);
    if (name === null) throw deploymentNotFound(deploymentName);
    const payload = { deploymentName, title, description };
    const operation = { organizationId, requestId, name: 'CreateListing', payload };
    const id = await this.listings.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        // The deployment may have been given by its id.
        const isNew = await this.listings.insert(tx, Object.assign(listing, { deploymentName: name }));
        if (!isNew) throw listingExists(name);
        return listing.id;
      }),
    );
    return this.get({ organizationId, listingId: id, asPlatform: false });
  }

  async get(request: {
    organizationId: string;
    listingId: string;
    asPlatform: boolean;
  }): Promise<ListingView> {
    const { organizationId, listingId, asPlatform } = request;
    const listing = isId('lst', listingId) ? await this.listings.find(listingId) : null;
    const isVisible =
      asPlatform || listing?.vendorOrganizationId === organizationId || listing?.state === 'published';
    if (!listing || !isVisible) throw listingNotFound(listingId);
    return { listing, plans: await this.listings.listPlans([listing.id]) };
  }

  /** The organization's own in any state, or the published ones of everybody, that contain every word of the query. */
  async list(
    request: PageRequest & { organizationId: string; own: boolean; query: string },
  ): Promise<Page<ListingView>> {
    const filter = {
      vendorOrganizationId: request.own ? request.organizationId : null,
      words: toWords(request.query),
    };
    const { items, nextPageToken } = await this.listings.list(filter, pageBounds(request));
    const plans = await this.listings.listPlans(items.map(({ id }) => id));
    const plansOf = ({ id }: Listing) => plans.filter((plan) => plan.listingId === id);
    return { items: items.map((listing) => ({ listing, plans: plansOf(listing) })), nextPageToken };
  }

  /** Makes a move of the vendor or of the platform; to anyone else the listing does not exist. */
  async move(request: MoveListing): Promise<ListingView> {
    if (request.move === 'publish') await this.assertLineage(request);
    return this.listings.transaction(async (tx) => {
      const listing = await this.claim(tx, request.listingId);
      const isVendor = listing?.vendorOrganizationId === request.organizationId;
      if (!listing || !(isVendor || request.asPlatform)) throw listingNotFound(request.listingId);
      assertMayMove(request.move, { isVendor, isPlatform: request.asPlatform });
      const plans = await this.listings.listPlans([listing.id], tx);
      listing.move(request.move, { planCount: plans.length, note: request.note });
      await this.listings.save(tx, listing);
      if (request.move === 'publish') await emitPublished(tx, listing);
      return { listing, plans };
    });
  }

  /** Adds a plan to the organization's own listing, in any state but delisted. */
  createPlan({ organizationId, requestId, draft }: CreatePlan): Promise<Plan> {
    return this.listings.transaction(async (tx) => {
      const operation = { organizationId, requestId, name: 'CreatePlan', payload: draft };
      const id = await onceOnly(tx, operation, async () => {
        const plan = Plan.create(draft);
        const listing = await this.claim(tx, draft.listingId);
        if (listing?.vendorOrganizationId !== organizationId) throw listingNotFound(draft.listingId);
        if (listing.state === 'delisted') throw listingClosed();
        const { length } = await this.listings.listPlans([listing.id], tx);
        if (length >= MAX_PLANS) throw planLimitReached(MAX_PLANS);
        await this.listings.insertPlan(tx, plan);
        return plan.id;
      });
      const plan = await this.listings.findPlan(tx, id);
      if (!plan) throw planNotFound(id);
      return plan;
    });
  }

  /**
   * The plan and its listing, for a subscription: the listing cannot be moved until `tx` ends. Throws `conflict` when
   * it is delisted; one that was never published does not exist for anyone but its vendor.
   */
  async getOffer(
    tx: EntityManager,
    organizationId: string,
    planId: string,
  ): Promise<{ listing: Listing; plan: Plan }> {
    const plan = isId('pln', planId) ? await this.listings.findPlan(tx, planId) : null;
    const listing = plan ? await this.listings.findForShare(tx, plan.listingId) : null;
    if (!plan || !listing) throw planNotFound(planId);
    if (listing.state === 'delisted') throw listingClosed();
    if (listing.state !== 'published' && listing.vendorOrganizationId !== organizationId)
      throw planNotFound(planId);
    return { listing, plan };
  }

  /** Asked before the transaction, as in `create`; whether the move is possible at all is decided inside. */
  private async assertLineage({ organizationId, listingId }: MoveListing): Promise<void> {
    const listing = isId('lst', listingId) ? await this.listings.find(listingId) : null;
    if (listing?.vendorOrganizationId !== organizationId || listing.state !== 'approved') return;
    const isKnown = await this.deployments.hasLineage(organizationId, listing.deploymentName);
    if (!isKnown) throw lineageMissing(listing.deploymentName);
  }

  private claim(tx: EntityManager, id: string): Promise<Listing | null> {
    return isId('lst', id) ? this.listings.findForUpdate(tx, id) : Promise.resolve(null);
  }
}

function emitPublished(tx: EntityManager, listing: Listing): Promise<void> {
  return emit(tx, 'marketplace.v1.listing.published', listing.id, {
    listingId: listing.id,
    vendorOrganizationId: listing.vendorOrganizationId,
    routeName: listing.routeName,
  });
}

function toWords(query: string): string[] {
  if (Array.from(query).length > MAX_QUERY_CHARACTERS)
    throw queryInvalid(`use at most ${MAX_QUERY_CHARACTERS} characters`);
  if (query.includes('\0')) throw queryInvalid('it contains U+0000');
  return query.split(/\s+/).filter((word) => word !== '');
}
