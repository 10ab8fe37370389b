import type { CallCarrier } from './pending-call.js';
import type { Seat } from './replica.js';

/** Estimates below this are all the same, in milliseconds. */
const LEAST_LATENCY_MS = 0.05;

/** What a choice has to heed. */
export interface PickRules {
  readonly nowMs: number;
  /** A replica whose last heartbeat is older is taken only when there is no other. */
  readonly lateMs: number;
  /** The stream that is not asked again. */
  readonly avoid: CallCarrier | undefined;
  /** Whether replicas that refused a call a moment ago are left out. */
  readonly skipsRefusing: boolean;
}

/**
 * Where a call goes among the replicas that have its version. One that was ejected and is due for a probe gets it;
 * otherwise it is one of those in service ("power of two choices" by calls in flight and recent latency: nearly as good
 * as the best of all, and no herd runs to the same one). When more than half are ejected, none counts as ejected: then
 * the trouble is not theirs, and the rest could not bear the traffic.
 */
export function pickSeat(seats: readonly Seat[], rules: PickRules): Seat | undefined {
  const only = seats[0];
  if (only === undefined) return undefined;
  if (seats.length === 1) return isUsable(only, rules) ? only : undefined;
  const usable = seats.filter((seat) => isUsable(seat, rules));
  const out = seats.filter((seat) => seat.isOut);
  const { nowMs, lateMs } = rules;
  if (out.length === 0) return pickPunctual(usable, nowMs, lateMs);
  const due = usable.find((seat) => seat.isProbeDue(nowMs));
  if (due !== undefined) return due;
  const inService = out.length * 2 > seats.length ? usable : usable.filter((seat) => !seat.isOut);
  return pickPunctual(inService.length > 0 ? inService : usable, nowMs, lateMs);
}

/** Whether a call could be sent to one of these at once. */
export function hasUsable(seats: readonly Seat[]): boolean {
  return seats.some(({ replica }) => replica.link.isUsable);
}

function isUsable(seat: Seat, { avoid, skipsRefusing, nowMs }: PickRules): boolean {
  const { link } = seat.replica;
  return link.isUsable && link !== avoid && !(skipsRefusing && seat.isRefusing(nowMs));
}

function pickPunctual(seats: readonly Seat[], nowMs: number, lateMs: number): Seat | undefined {
  const punctual = seats.filter(({ replica }) => nowMs - replica.seenMs <= lateMs);
  return pickOfTwo(takingPart(punctual.length > 0 ? punctual : seats, nowMs), nowMs);
}

/** What is new or has returned takes part in some of the choices only, until it has its full share. */
function takingPart(seats: readonly Seat[], nowMs: number): readonly Seat[] {
  let most = 0;
  let least = 1;
  for (const seat of seats) {
    const share = seat.share(nowMs);
    most = Math.max(most, share);
    least = Math.min(least, share);
  }
  // All are equally new when a gateway starts.
  if (least === most) return seats;
  const taking = seats.filter((seat) => Math.random() * most < seat.share(nowMs));
  return taking.length > 0 ? taking : seats;
}

function pickOfTwo(seats: readonly Seat[], nowMs: number): Seat | undefined {
  const first = Math.floor(Math.random() * seats.length);
  const other = Math.floor(Math.random() * (seats.length - 1));
  const a = seats[first];
  const b = seats[other >= first ? other + 1 : other];
  return a && b && isBetter(b, a, nowMs) ? b : a;
}

/** Fewer calls in flight times a shorter latency wins; one that refuses calls loses. */
function isBetter(b: Seat, a: Seat, nowMs: number): boolean {
  const isRefusing = b.isRefusing(nowMs);
  if (isRefusing !== a.isRefusing(nowMs)) return !isRefusing;
  // Nothing is known of a replica that has not answered yet: then only what is in flight counts.
  const isComparable = a.latency.isKnown && b.latency.isKnown;
  return costOf(b, isComparable, nowMs) < costOf(a, isComparable, nowMs);
}

function costOf({ latency, replica }: Seat, isComparable: boolean, nowMs: number): number {
  const { link } = replica;
  const latencyMs = isComparable ? Math.max(LEAST_LATENCY_MS, latency.at(nowMs)) : 1;
  // Silence with calls unanswered is a latency of at least that.
  return (link.load + 1) * Math.max(latencyMs, link.silentMs(nowMs));
}
