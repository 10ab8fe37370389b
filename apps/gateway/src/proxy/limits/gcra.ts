/** Tolerance for rounding, in requests. */
const EPSILON = 1e-6;

/**
 * The generic cell rate algorithm in its leaky-bucket form (ITU-T I.371 proves it equal to the theoretical-arrival-time
 * form): a level in requests that drains at the rate and may not rise above the burst. There is no window edge: a key
 * with N per second is admitted N at once, and from then on one every 1/N s. Times are milliseconds of a monotonic
 * clock that the caller reads, so that several limits are judged at the same instant.
 */
export class Gcra {
  private level = 0;
  private readAtMs = 0;
  private ratePerMs = 0;
  private burst = 0;

  constructor(
    private readonly requests: number,
    private readonly windowMs: number,
  ) {}

  /**
   * Sets the share of the limit that is ours, 0..1. What was used stays used. The burst is the share of the window's
   * requests, at least one unless the share is 0.
   */
  resize(share: number, nowMs: number): void {
    this.drain(nowMs);
    this.ratePerMs = (this.requests * share) / this.windowMs;
    this.burst = share > 0 ? Math.max(1, Math.floor(this.requests * share + EPSILON)) : 0;
  }

  /** Milliseconds until a request would be admitted; 0 means now, infinity that the share is 0. */
  waitMs(nowMs: number): number {
    this.drain(nowMs);
    const excess = this.level + 1 - this.burst;
    if (excess <= EPSILON) return 0;
    return this.ratePerMs > 0 ? excess / this.ratePerMs : Number.POSITIVE_INFINITY;
  }

  /** Counts a request; call it only when `waitMs` said 0 for the same instant. */
  take(): void {
    this.level += 1;
  }

  /** Whole requests that would be admitted now. */
  remaining(nowMs: number): number {
    this.drain(nowMs);
    return Math.max(0, Math.floor(this.burst - this.level + EPSILON));
  }

  /** Milliseconds until the whole burst is there again. */
  fullInMs(nowMs: number): number {
    this.drain(nowMs);
    return this.level === 0 || this.ratePerMs === 0 ? 0 : this.level / this.ratePerMs;
  }

  private drain(nowMs: number): void {
    if (nowMs <= this.readAtMs) return;
    this.level = Math.max(0, this.level - (nowMs - this.readAtMs) * this.ratePerMs);
    this.readAtMs = nowMs;
  }
}
