import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { marketplace } from '@aimass/contracts';
import { Caller, IdempotencyKey } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { MARKETPLACE } from '../../peers.js';
import type { MarketplaceClient } from '../../peers.js';
import { createListingBody, createPlanBody, listListingsQuery, rejectBody } from './listings.schema.js';
import type { CreateListingBody, CreatePlanBody, ListListingsQuery, RejectBody } from './listings.schema.js';

const LISTING = 'aimass.marketplace.v1.Listing';
const { ListingMove } = marketplace;

/** What is for sale. */
@Controller()
export class ListingsController {
  constructor(@Inject(MARKETPLACE) private readonly marketplace: MarketplaceClient) {}

  @Route({
    method: 'post',
    path: '/listings',
    summary: 'Start a listing of a deployment',
    allow: 'trade',
    body: createListingBody,
    response: LISTING,
    status: 201,
  })
  async create(
    @Caller() caller: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateListingBody,
  ) {
    const { organizationId, organizationName } = caller;
    const { listing } = await this.marketplace.createListing({
      organizationId,
      organizationName,
      requestId,
      ...body,
    });
    return marketplace.Listing.toJSON(present(listing));
  }

  @Route({
    method: 'get',
    path: '/listings',
    summary: 'Find published listings, or list the own ones',
    allow: 'read',
    query: listListingsQuery,
    response: 'aimass.marketplace.v1.ListListingsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() query: ListListingsQuery) {
    const response = await this.marketplace.listListings({
      organizationId,
      ...query,
      own: query.own === 'true',
    });
    return marketplace.ListListingsResponse.toJSON(response);
  }

  @Route({ method: 'get', path: '/listings/:id', summary: 'Get a listing', allow: 'read', response: LISTING })
  async get(@Caller() caller: AuthenticatedKey, @Param('id') listingId: string) {
    const { organizationId, isPlatformAdmin } = caller;
    const { listing } = await this.marketplace.getListing({
      organizationId,
      listingId,
      asPlatform: isPlatformAdmin,
    });
    return marketplace.Listing.toJSON(present(listing));
  }

  @Route({
    method: 'post',
    path: '/listings/:id/plans',
    summary: 'Add a price plan',
    allow: 'trade',
    body: createPlanBody,
    response: 'aimass.marketplace.v1.Plan',
    status: 201,
  })
  async createPlan(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('id') listingId: string,
    @IdempotencyKey() requestId: string,
    @Body() body: CreatePlanBody,
  ) {
    const unit = marketplace.PlanUnit.REQUEST;
    const { plan } = await this.marketplace.createPlan({
      organizationId,
      requestId,
      listingId,
      unit,
      ...body,
    });
    return marketplace.Plan.toJSON(present(plan));
  }

  @Route({
    method: 'post',
    path: '/listings/:id:submit',
    summary: 'Ask for review',
    allow: 'trade',
    response: LISTING,
  })
  submit(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return this.move(caller, id, ListingMove.SUBMIT);
  }

  @Route({
    method: 'post',
    path: '/listings/:id:approve',
    summary: 'Approve a submitted listing',
    allow: 'platform',
    response: LISTING,
  })
  approve(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return this.move(caller, id, ListingMove.APPROVE);
  }

  @Route({
    method: 'post',
    path: '/listings/:id:reject',
    summary: 'Reject a submitted listing',
    allow: 'platform',
    body: rejectBody,
    response: LISTING,
  })
  reject(@Caller() caller: AuthenticatedKey, @Param('id') id: string, @Body() body: RejectBody) {
    return this.move(caller, id, ListingMove.REJECT, body.note);
  }

  @Route({
    method: 'post',
    path: '/listings/:id:publish',
    summary: 'Publish an approved listing',
    allow: 'trade',
    response: LISTING,
  })
  publish(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return this.move(caller, id, ListingMove.PUBLISH);
  }

  @Route({
    method: 'post',
    path: '/listings/:id:delist',
    summary: 'Take a listing off the market',
    allow: 'trade',
    response: LISTING,
  })
  delist(@Caller() caller: AuthenticatedKey, @Param('id') id: string) {
    return this.move(caller, id, ListingMove.DELIST);
  }

  private async move(caller: AuthenticatedKey, listingId: string, move: marketplace.ListingMove, note = '') {
    const { organizationId, isPlatformAdmin } = caller;
    const { listing } = await this.marketplace.moveListing({
      organizationId,
      listingId,
      move,
      asPlatform: isPlatformAdmin,
      note,
    });
    return marketplace.Listing.toJSON(present(listing));
  }
}
