import type { PendingCall } from './pending-call.js';
import { Seat } from './replica.js';

/** What the call was sent to; undefined for one that is held, or waits for a cold version. */
export function seatOf({ seat }: PendingCall): Seat | undefined {
  return seat instanceof Seat ? seat : undefined;
}

/** The call finds out whether the seat, and its replica, are well again. */
export function startProbe(call: PendingCall, { replica, ejection }: Seat, nowMs: number): void {
  call.isProbe = true;
  if (replica.ejection.isOut) replica.ejection.startProbe(nowMs);
  if (ejection.isOut) ejection.startProbe(nowMs);
}

/** `isWell`: what was found out about the version on the replica; undefined when that is nothing. */
export function endProbe(call: PendingCall, isWell: boolean | undefined, nowMs: number): void {
  call.isProbe = false;
  const seat = seatOf(call);
  if (seat === undefined) return;
  if (seat.replica.ejection.isOut) seat.replica.ejection.endProbe(isWell, nowMs);
  if (seat.ejection.isOut) seat.ejection.endProbe(isWell, nowMs);
}
