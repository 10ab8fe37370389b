/** After this long without answers the estimate has shrunk to 37 %. */
const DECAY_MS = 2_000;

/**
 * How long answers take now: a moving average that jumps to a worse value at once and forgets it within seconds
 * ("peak EWMA"), also when nothing is asked, so that a replica that was slow is tried again. Milliseconds.
 */
export class PeakLatency {
  private valueMs = 0;
  private stampMs = 0;

  /** Whether an answer was ever seen. */
  get isKnown(): boolean {
    return this.stampMs > 0;
  }

  /** Takes an answer that took `durationMs`. */
  observe(durationMs: number, nowMs: number): void {
    const present = this.at(nowMs);
    const kept = Math.exp(-(nowMs - this.stampMs) / DECAY_MS);
    this.valueMs = durationMs > present ? durationMs : this.valueMs * kept + durationMs * (1 - kept);
    this.stampMs = nowMs;
  }

  /** The estimate; 0 when nothing is known. */
  at(nowMs: number): number {
    return this.valueMs * Math.exp(-(nowMs - this.stampMs) / DECAY_MS);
  }
}
