const SLOT_MS = 1_000;
const SLOTS = 10;

/** What retries may amount to. */
export interface RetryTuning {
  /** Retries per request of the last 10 s. */
  readonly retryShare: number;
  /** Retries per second that are always allowed, so that a gateway with little traffic may retry at all. */
  readonly retryFloor: number;
}

/**
 * Keeps retries a small part of the traffic. Without it a struggling fleet gets every request several times just when
 * it can bear it least, and does not come out of that again.
 */
export class RetryBudget {
  private readonly requests = new Uint32Array(SLOTS);
  private readonly retries = new Uint32Array(SLOTS);
  private slot = 0;

  constructor(private readonly tuning: RetryTuning) {}

  /** Counts a request. */
  countRequest(nowMs: number): void {
    const index = this.turn(nowMs);
    this.requests[index] = (this.requests[index] ?? 0) + 1;
  }

  /** Takes a retry out of the budget; false when there is none left. */
  take(nowMs: number): boolean {
    const index = this.turn(nowMs);
    const { retryShare, retryFloor } = this.tuning;
    if (sum(this.retries) + 1 > Math.max(sum(this.requests) * retryShare, retryFloor * SLOTS)) return false;
    this.retries[index] = (this.retries[index] ?? 0) + 1;
    return true;
  }

  private turn(nowMs: number): number {
    const slot = Math.floor(nowMs / SLOT_MS);
    for (let stale = Math.max(this.slot + 1, slot - SLOTS + 1); stale <= slot; stale++) {
      this.requests[stale % SLOTS] = 0;
      this.retries[stale % SLOTS] = 0;
    }
    this.slot = Math.max(this.slot, slot);
    return this.slot % SLOTS;
  }
}

const sum = (slots: Uint32Array): number => slots.reduce((total, count) => total + count, 0);
