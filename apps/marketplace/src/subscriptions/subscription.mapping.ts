import { marketplace as pb } from '@aimass/contracts';
import type { Subscription } from './subscription.entity.js';

export function toSubscriptionProto(subscription: Subscription): pb.Subscription {
  const { id, listingId, planId, routeName, unitPrice, createdAt, cancelledAt } = subscription;
  const state = cancelledAt === null ? pb.SubscriptionState.ACTIVE : pb.SubscriptionState.CANCELLED;
  return {
    id,
    listingId,
    planId,
    routeName,
    state,
    unitPrice,
    createdAt,
    cancelledAt: cancelledAt ?? undefined,
  };
}
