/**
 * Smooth weighted round robin (as in nginx): every pick adds each weight to its entry's credit, takes the entry with
 * the most credit and charges it the sum. Chosen over random picks because the observed split is then exact after every
 * cycle of `sum / gcd` picks and evenly interleaved within it (80/20 over 500 is 400/100, not 400 ± 9), needs no
 * randomness, and costs one pass over at most 20 entries. Each gateway keeps its own cycle, so that over all gateways
 * the split is off by less than one pick per gateway and entry.
 */
export class WeightedChoice<T extends { readonly weight: number }> {
  private readonly credits: Float64Array;
  private readonly total: number;

  /** `entries` has at least one; those with weight 0 are never picked unless all have weight 0. */
  constructor(private readonly entries: readonly T[]) {
    this.credits = new Float64Array(entries.length);
    this.total = entries.reduce((sum, entry) => sum + entry.weight, 0);
  }

  /** The entry that is due. */
  next(): T {
    let best = 0;
    for (let index = 0; index < this.entries.length; index++) {
      const weight = (this.entries[index] as T).weight;
      const credit = (this.credits[index] as number) + weight;
      this.credits[index] = credit;
      if (weight > 0 && (credit > (this.credits[best] as number) || this.weightAt(best) === 0)) best = index;
    }
    this.credits[best] = (this.credits[best] as number) - this.total;
    return this.entries[best] as T;
  }

  /** Goes on where another choice over the same weights was, so that recompiling routes does not restart the cycle. */
  continueFrom(previous: WeightedChoice<T>): void {
    if (previous.entries.length !== this.entries.length) return;
    if (!this.entries.every((entry, index) => entry.weight === previous.weightAt(index))) return;
    this.credits.set(previous.credits);
  }

  private weightAt(index: number): number {
    return this.entries[index]?.weight ?? 0;
  }
}
