import { marketplace as pb } from '@aimass/contracts';
import type { ListingMove, ListingState } from './listing-state.js';
import { moveUnknown } from './listings.errors.js';
import type { CreatePlan, ListingView } from './listings.service.js';
import type { Plan, PlanUnit } from './plan.entity.js';

const STATES: Readonly<Record<ListingState, pb.ListingState>> = {
  draft: pb.ListingState.DRAFT,
  submitted: pb.ListingState.SUBMITTED,
  approved: pb.ListingState.APPROVED,
  rejected: pb.ListingState.REJECTED,
  published: pb.ListingState.PUBLISHED,
  delisted: pb.ListingState.DELISTED,
};

const MOVES: Readonly<Partial<Record<pb.ListingMove, ListingMove>>> = {
  [pb.ListingMove.SUBMIT]: 'submit',
  [pb.ListingMove.APPROVE]: 'approve',
  [pb.ListingMove.REJECT]: 'reject',
  [pb.ListingMove.PUBLISH]: 'publish',
  [pb.ListingMove.DELIST]: 'delist',
};

const UNITS: Readonly<Record<PlanUnit, pb.PlanUnit>> = { request: pb.PlanUnit.REQUEST };

export function toListingProto({ listing, plans }: ListingView): pb.Listing {
  const { id, vendorOrganizationId, vendorName, deploymentName, title, description, reviewNote, createdAt } =
    listing;
  return {
    id,
    vendorOrganizationId,
    vendorName,
    deploymentName,
    title,
    description,
    state: STATES[listing.state],
    plans: plans.map(toPlanProto),
    reviewNote,
    createdAt,
  };
}

export function toPlanProto(plan: Plan): pb.Plan {
  const { id, listingId, name, unitPrice, createdAt } = plan;
  return { id, listingId, name, unit: UNITS[plan.unit], unitPrice, createdAt };
}

export function toPlanDraft(request: pb.CreatePlanRequest): CreatePlan {
  const { organizationId, requestId, listingId, name, unitPrice } = request;
  const unit = request.unit === pb.PlanUnit.REQUEST ? 'request' : null;
  return { organizationId, requestId, draft: { listingId, name, unit, unitPrice } };
}

/** Throws `invalid` for a move that was not named or that this version does not know. */
export function toMove(move: pb.ListingMove): ListingMove {
  const known = MOVES[move];
  if (!known) throw moveUnknown();
  return known;
}
