/** Old uses count half after this long. */
const HALF_LIFE_MS = 5 * 60_000;

/** The rising floor under all values: what was evicted last was worth this much. One for all versions of a replica. */
export class EvictionClock {
  private floor = 0;

  get value(): number {
    return this.floor;
  }

  evicted(worth: number): void {
    this.floor = Math.max(this.floor, worth);
  }
}

/**
 * What it is worth to keep a version in memory: GreedyDual-Size-Frequency, `floor + uses × cost of a load / size`
 * (L. Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy", HP Labs report
 * HPL-98-69R1, 1998). What is used often, takes long to load and is small stays; the floor, taken at the last use,
 * lets what was popular once give way. Uses also fade, so that a million calls of yesterday do not outweigh today's.
 */
export class UseValue {
  private uses = 1;
  private floorAtUse: number;
  private fadedAt: number;
  private lastUsedAt: number;

  constructor(
    private readonly clock: EvictionClock,
    nowMs: number,
  ) {
    this.floorAtUse = clock.value;
    this.fadedAt = nowMs;
    this.lastUsedAt = nowMs;
  }

  /** A call came. A few nanoseconds: this is on the way of every call. */
  touch(nowMs: number): void {
    if (nowMs - this.fadedAt > HALF_LIFE_MS) this.fade(nowMs);
    this.uses += 1;
    this.floorAtUse = this.clock.value;
    this.lastUsedAt = nowMs;
  }

  /** `costMs`: how long loading takes; `sizeBytes`: what it takes up. */
  worth(costMs: number, sizeBytes: number, nowMs: number): number {
    if (nowMs - this.fadedAt > HALF_LIFE_MS) this.fade(nowMs);
    return this.floorAtUse + (this.uses * Math.max(1, costMs)) / Math.max(1, sizeBytes);
  }

  /** When the last call came, to tell equals apart. */
  get lastUsedMs(): number {
    return this.lastUsedAt;
  }

  /** Back in memory: the old uses do not count again. */
  restart(nowMs: number): void {
    this.uses = 1;
    this.floorAtUse = this.clock.value;
    this.fadedAt = nowMs;
  }

  private fade(nowMs: number): void {
    this.uses *= 0.5 ** ((nowMs - this.fadedAt) / HALF_LIFE_MS);
    this.fadedAt = nowMs;
  }
}
