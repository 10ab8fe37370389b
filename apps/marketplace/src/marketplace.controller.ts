import { marketplace } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toEntryProto, toSummaryProto } from './ledger/ledger.mapping.js';
import { LedgerService } from './ledger/ledger.service.js';
import { toListingProto, toMove, toPlanDraft, toPlanProto } from './listings/listing.mapping.js';
import { ListingsService } from './listings/listings.service.js';
import { toSubscriptionProto } from './subscriptions/subscription.mapping.js';
import { SubscriptionsService } from './subscriptions/subscriptions.service.js';

/** gRPC: listings and plans, subscriptions, the usage ledger. One controller, since the contract is one service. */
@GrpcController(marketplace.MarketplaceServiceService)
export class MarketplaceController implements GrpcHandlers<typeof marketplace.MarketplaceServiceService> {
  constructor(
    private readonly listings: ListingsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly ledger: LedgerService,
  ) {}

  async createListing(request: marketplace.CreateListingRequest) {
    return { listing: toListingProto(await this.listings.create(request)) };
  }

  async getListing(request: marketplace.GetListingRequest) {
    return { listing: toListingProto(await this.listings.get(request)) };
  }

  async listListings(request: marketplace.ListListingsRequest) {
    const page = await this.listings.list(request);
    return { items: page.items.map(toListingProto), nextPageToken: page.nextPageToken };
  }

  async moveListing(request: marketplace.MoveListingRequest) {
    return { listing: toListingProto(await this.listings.move({ ...request, move: toMove(request.move) })) };
  }

  async createPlan(request: marketplace.CreatePlanRequest) {
    return { plan: toPlanProto(await this.listings.createPlan(toPlanDraft(request))) };
  }

  async createSubscription(request: marketplace.CreateSubscriptionRequest) {
    return { subscription: toSubscriptionProto(await this.subscriptions.create(request)) };
  }

  async getSubscription(request: marketplace.GetSubscriptionRequest) {
    const { organizationId, subscriptionId } = request;
    return {
      subscription: toSubscriptionProto(await this.subscriptions.get(organizationId, subscriptionId)),
    };
  }

  async listSubscriptions(request: marketplace.ListSubscriptionsRequest) {
    const page = await this.subscriptions.list(request.organizationId, request);
    return { items: page.items.map(toSubscriptionProto), nextPageToken: page.nextPageToken };
  }

  async cancelSubscription(request: marketplace.CancelSubscriptionRequest) {
    const { organizationId, subscriptionId } = request;
    return {
      subscription: toSubscriptionProto(await this.subscriptions.cancel(organizationId, subscriptionId)),
    };
  }

  async listUsage(request: marketplace.ListUsageRequest) {
    const page = await this.ledger.list(request, request);
    return { items: page.items.map(toEntryProto), nextPageToken: page.nextPageToken };
  }

  async summarizeUsage(request: marketplace.SummarizeUsageRequest) {
    return toSummaryProto(await this.ledger.summarize(request));
  }
}
