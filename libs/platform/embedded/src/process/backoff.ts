/** Waiting times between restarts: 100 ms, doubling to 5 s; a run of 10 s or more counts as recovered. */
const FIRST_MS = 100;
const LONGEST_MS = 5_000;
const STABLE_MS = 10_000;

/** Tells how long to wait before the next restart of one process. */
export class Backoff {
  private nextMs = FIRST_MS;

  /** The wait before the next restart, in ms, given how long the process had run. */
  next(ranMs: number): number {
    if (ranMs >= STABLE_MS) this.nextMs = FIRST_MS;
    const wait = this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, LONGEST_MS);
    return wait;
  }
}
