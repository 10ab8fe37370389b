/** Answers and failures of the last one to two half windows. */
export class RecentAnswers {
  private startedMs = 0;
  private present = empty();
  private before = empty();

  constructor(private readonly halfWindowMs: number) {}

  /** Counts an answer that took `durationMs`. */
  answered(durationMs: number, nowMs: number): void {
    this.turn(nowMs);
    this.present.answers += 1;
    this.present.totalMs += durationMs;
  }

  /** Counts an answer that was an error of the replica's. */
  failed(nowMs: number): void {
    this.turn(nowMs);
    this.present.failures += 1;
  }

  /** How long answers took on average in milliseconds; undefined with fewer than `enough` of them. */
  meanMs(enough: number, nowMs: number): number | undefined {
    this.turn(nowMs);
    const answers = this.present.answers + this.before.answers;
    return answers < enough ? undefined : (this.present.totalMs + this.before.totalMs) / answers;
  }

  /** The share of failures, 0 to 1; 0 with fewer than `enough` answers and failures. */
  failureShare(enough: number, nowMs: number): number {
    this.turn(nowMs);
    const failures = this.present.failures + this.before.failures;
    const all = failures + this.present.answers + this.before.answers;
    return all < enough ? 0 : failures / all;
  }

  /** Forgets everything. */
  clear(): void {
    this.present = empty();
    this.before = empty();
  }

  private turn(nowMs: number): void {
    const ageMs = nowMs - this.startedMs;
    if (ageMs < this.halfWindowMs) return;
    this.before = ageMs < 2 * this.halfWindowMs ? this.present : empty();
    this.present = empty();
    this.startedMs = nowMs;
  }
}

const empty = () => ({ answers: 0, totalMs: 0, failures: 0 });
