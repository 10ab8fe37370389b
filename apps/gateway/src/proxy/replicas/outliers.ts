import type { Seat } from './replica.js';

/** Answers in the window before a mean means something. */
const ENOUGH_ANSWERS = 3;
/** Answers and failures in the window before their ratio means something. */
const ENOUGH_FOR_SHARE = 10;
const FAILING_SHARE = 0.5;
/** Failures in a row that are enough. */
const FAILING_STREAK = 5;
/** How many times slower than the others is too slow, and by how many milliseconds at least. */
const SLOW_TIMES = 5;
const SLOW_BY_MS = 10;
/** How often a version on a replica is compared with the others. */
const COMPARE_MS = 250;

/** What the judge needs done. */
export interface OutlierListener {
  /** The replicas that have the version ready. */
  seatsOf(modelVersionId: string): readonly Seat[];
  /** It takes no new calls from now on. */
  ejected(seat: Seat, reason: string): void;
}

/**
 * Ejects a version on a replica whose answers are much worse than those of the same version elsewhere: errors or
 * refusals again and again, or answers that take a multiple of the time. Like is compared with like: a slow model is
 * slow everywhere. At most half of the replicas that have a version are ejected, and none when all are bad.
 */
export class Outliers {
  /** `refusingMs`: a replica that refuses everything for this long is ejected. */
  constructor(
    private readonly refusingMs: number,
    private readonly listener: OutlierListener,
  ) {}

  /** A good answer came after `durationMs`. */
  succeeded(seat: Seat, durationMs: number, nowMs: number): void {
    seat.succeeded(durationMs, nowMs);
    this.compare(seat, nowMs);
  }

  /** No answer came in `durationMs`, and nobody waits any more. */
  timedOut(seat: Seat, durationMs: number, nowMs: number): void {
    seat.tookAtLeast(durationMs, nowMs);
    this.compare(seat, nowMs);
  }

  /** It answered with an error of its own. */
  failed(seat: Seat, nowMs: number): void {
    seat.failed(nowMs);
    if (isFailing(seat, nowMs)) this.eject(seat, 'its answers are internal errors', nowMs);
  }

  /**
   * It did not run the call. Only when that goes on without a single good answer: a replica that is merely overloaded
   * answers in between, and is worth more than nothing.
   */
  refused(seat: Seat, nowMs: number): void {
    seat.refused(nowMs);
    if (seat.streak >= FAILING_STREAK && nowMs - seat.streakSinceMs >= this.refusingMs)
      this.eject(seat, 'it refuses every call', nowMs);
  }

  /** Whether `durationMs` is much longer than the same version takes elsewhere. */
  isSlow(seat: Seat, durationMs: number, nowMs: number): boolean {
    const usualMs = this.usualElsewhereMs(seat, nowMs);
    return usualMs !== undefined && durationMs >= usualMs * SLOW_TIMES && durationMs - usualMs >= SLOW_BY_MS;
  }

  private compare(seat: Seat, nowMs: number): void {
    if (nowMs - seat.comparedMs < COMPARE_MS) return;
    const meanMs = seat.recent.meanMs(ENOUGH_ANSWERS, nowMs);
    if (meanMs === undefined) return;
    seat.comparedMs = nowMs;
    if (this.isSlow(seat, meanMs, nowMs))
      this.eject(seat, `it takes ${meanMs.toFixed(0)} ms, a multiple of the others`, nowMs);
  }

  /** The median over the other replicas in service; undefined when too little is known of them. */
  private usualElsewhereMs(seat: Seat, nowMs: number): number | undefined {
    const means: number[] = [];
    for (const other of this.listener.seatsOf(seat.modelVersionId)) {
      if (other === seat || other.isOut) continue;
      const meanMs = other.recent.meanMs(ENOUGH_ANSWERS, nowMs);
      if (meanMs !== undefined) means.push(meanMs);
    }
    return means.sort((a, b) => a - b)[Math.floor(means.length / 2)];
  }

  private eject(seat: Seat, reason: string, nowMs: number): void {
    if (seat.ejection.isOut) return;
    const seats = this.listener.seatsOf(seat.modelVersionId);
    const isWell = (other: Seat): boolean =>
      other.replica.link.isUsable && !other.isOut && !isFailing(other, nowMs);
    const isAloneBad = seats.some((other) => other !== seat && isWell(other));
    if (!isAloneBad) {
      for (const other of seats) other.ejection.pardon();
      return;
    }
    const out = seats.filter(({ isOut }) => isOut).length;
    if ((out + 1) * 2 > seats.length) return;
    seat.ejection.eject(nowMs);
    seat.recent.clear();
    this.listener.ejected(seat, reason);
  }
}

function isFailing(seat: Seat, nowMs: number): boolean {
  return seat.streak >= FAILING_STREAK || seat.recent.failureShare(ENOUGH_FOR_SHARE, nowMs) >= FAILING_SHARE;
}
