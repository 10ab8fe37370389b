/** Shares are counted in millionths of the limit, so that their sum is exact. */
export const WHOLE = 1_000_000;
/** This part of a limit is dealt out in equal slices, so that a newcomer with no traffic yet is not left with nothing. */
const FLOOR = 0.1;
/** A gateway that got less than its due asks again after this part of a lease's life. */
const SHORT_LIFE = 0.2;
/** A gateway within this part of its due has got it: what is missing is rounding. */
const ENOUGH = 0.99;
/** Ends of grants are rounded up to so many steps per lifetime, which bounds how many have to be remembered. */
const STEPS = 16;

/** A slice that was given out, and until when its holder may use it (milliseconds). */
export interface SliceGrant {
  readonly share: number;
  readonly untilMs: number;
}

/** A gateway that asked for slices of a limit lately. */
export interface Holder {
  readonly gatewayId: string;
  /** Requests per second that it saw. */
  readonly demand: number;
  /** Those that still say something: of two, the one that ends earlier is the larger. */
  readonly grants: readonly SliceGrant[];
  /** It counts as a gateway until then. */
  readonly aliveUntilMs: number;
}

/** How long slices live, in milliseconds; `graceMs` longer here than their holders are told. */
export interface LeaseTerms {
  readonly lifetimeMs: number;
  readonly graceMs: number;
}

/** The outcome of one demand. */
export interface Slice {
  readonly holder: Holder;
  readonly share: number;
  readonly lifetimeMs: number;
}

/**
 * The most a gateway may be using. A grant that replaced a larger one does not free the difference until the larger
 * one expires: the answer that carried the smaller may have been lost.
 */
export function outstanding(holder: Holder, nowMs: number): number {
  return Math.max(0, ...holder.grants.filter((grant) => grant.untilMs > nowMs).map((grant) => grant.share));
}

/** A gateway's due, in millionths: proportional to what it sees of all that is seen, over an equal floor. */
export function dueShare(demand: number, otherDemands: readonly number[]): number {
  const gateways = otherDemands.length + 1;
  const total = otherDemands.reduce((sum, other) => sum + other, demand);
  const proportion = total > 0 ? demand / total : 1 / gateways;
  return Math.min(WHOLE, Math.round(WHOLE * (FLOOR / gateways + (1 - FLOOR) * proportion)));
}

/**
 * Gives a gateway its due, but never more than what is free of the others' outstanding slices: so the outstanding
 * slices of all gateways never add up to more than the whole. `holders` are all of the limit, the asking one included
 * when it is known.
 */
export function grantSlice(
  holders: readonly Holder[],
  asking: { readonly gatewayId: string; readonly demand: number },
  nowMs: number,
  terms: LeaseTerms,
): Slice {
  const others = holders.filter(
    (holder) => holder.gatewayId !== asking.gatewayId && holder.aliveUntilMs > nowMs,
  );
  const free = others.reduce((rest, holder) => rest - outstanding(holder, nowMs), WHOLE);
  const due = dueShare(
    asking.demand,
    others.map((holder) => holder.demand),
  );
  const share = Math.max(0, Math.min(due, free));
  const lifetimeMs = Math.ceil(share < due * ENOUGH ? terms.lifetimeMs * SHORT_LIFE : terms.lifetimeMs);
  const step = Math.ceil(terms.lifetimeMs / STEPS);
  const untilMs = Math.ceil((nowMs + lifetimeMs + terms.graceMs) / step) * step;
  const before = holders.find((holder) => holder.gatewayId === asking.gatewayId)?.grants ?? [];
  const grants = withoutSaid([...before.filter((grant) => grant.untilMs > nowMs), { share, untilMs }]);
  const aliveUntilMs = Math.max(
    nowMs + terms.lifetimeMs + terms.graceMs,
    ...grants.map((grant) => grant.untilMs),
  );
  return { holder: { ...asking, grants, aliveUntilMs }, share, lifetimeMs };
}

/** Leaves out every grant that another one, at least as large and as long, makes superfluous. */
function withoutSaid(grants: readonly SliceGrant[]): SliceGrant[] {
  const byEnd = [...grants].sort((a, b) => b.untilMs - a.untilMs || b.share - a.share);
  let largest = -1;
  return byEnd.filter((grant) => {
    const isNews = grant.share > largest;
    largest = Math.max(largest, grant.share);
    return isNews;
  });
}
