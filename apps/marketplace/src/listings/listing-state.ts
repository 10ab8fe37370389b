import { listingMoveForbidden, listingMoveIllegal } from './listings.errors.js';

/** Where a listing is in its life. */
export const LISTING_STATES = [
  'draft',
  'submitted',
  'approved',
  'rejected',
  'published',
  'delisted',
] as const;

export type ListingState = (typeof LISTING_STATES)[number];

/** As whom the caller acts: the listing's vendor, the one who runs the platform, or both. */
export interface Roles {
  readonly isVendor: boolean;
  readonly isPlatform: boolean;
}

interface Transition {
  readonly from: readonly ListingState[];
  readonly to: ListingState;
  readonly by: readonly ('vendor' | 'platform')[];
}

/** The whole life of a listing. Delisted is its end: the vendor starts a new listing. */
export const TRANSITIONS = {
  submit: { from: ['draft', 'rejected'], to: 'submitted', by: ['vendor'] },
  approve: { from: ['submitted'], to: 'approved', by: ['platform'] },
  reject: { from: ['submitted'], to: 'rejected', by: ['platform'] },
  publish: { from: ['approved'], to: 'published', by: ['vendor'] },
  delist: { from: ['published'], to: 'delisted', by: ['vendor', 'platform'] },
} as const satisfies Record<string, Transition>;

export type ListingMove = keyof typeof TRANSITIONS;

/** Throws `forbidden` when the move is not the caller's to make, whatever the state. */
export function assertMayMove(move: ListingMove, roles: Roles): void {
  const { by }: Transition = TRANSITIONS[move];
  const isAllowed =
    (by.includes('vendor') && roles.isVendor) || (by.includes('platform') && roles.isPlatform);
  if (!isAllowed) throw listingMoveForbidden(move, by);
}

/** Where a move leads. Throws `conflict` when the state does not allow it. */
export function nextState(state: ListingState, move: ListingMove): ListingState {
  const { from, to }: Transition = TRANSITIONS[move];
  if (!from.includes(state)) throw listingMoveIllegal(state, move, from);
  return to;
}
