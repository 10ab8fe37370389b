/** A queue that has not been empty for this long is a standing one; a shorter one is a burst. */
const STANDING_MS = 50;
/** Weight of the newest run in the average. */
const NEWEST_WEIGHT = 0.2;
/** A run counts at most this many times the average: a process that was paused once has not become slow. */
const OUTLIER_FACTOR = 4;

/**
 * Tells how long a job would wait, and how long it may. A burst may use all of its deadline: it will be over. A queue that
 * does not empty any more is overload, and then waiting only makes every answer late: new jobs are taken only as far as
 * the queue stays short in time (the distinction is that of CoDel, RFC 8289). Times are milliseconds of
 * `performance.now()`.
 */
export class QueueClock {
  private meanCycleMs = 0;
  private lastEmptyMs = 0;

  /** The queue is empty now, or starts anew. */
  emptied(nowMs: number): void {
    this.lastEmptyMs = nowMs;
  }

  /**
   * A run is over that began to wait for the engine at `readyMs`. What counts is the time between turns, not in the engine:
   * where other models share the processor, that is what a queue drains by.
   */
  ran(readyMs: number, nowMs: number): void {
    const cycleMs = nowMs - readyMs;
    const { meanCycleMs } = this;
    if (meanCycleMs === 0) this.meanCycleMs = cycleMs;
    else {
      const counted = Math.min(cycleMs, meanCycleMs * OUTLIER_FACTOR);
      this.meanCycleMs = meanCycleMs + NEWEST_WEIGHT * (counted - meanCycleMs);
    }
  }

  /** How long a job with this many runs before it would wait. */
  waitMs(runsAhead: number): number {
    return runsAhead * this.meanCycleMs;
  }

  /** How long a job may wait, given what its deadline leaves it. */
  allowedMs(nowMs: number, leftMs: number, maxQueueMs: number): number {
    return nowMs - this.lastEmptyMs > STANDING_MS ? Math.min(leftMs, maxQueueMs) : leftMs;
  }
}
