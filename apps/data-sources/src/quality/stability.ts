/** How the values of a column are distributed: what a later version is held against. */
export interface Reference {
  readonly column: string;
  readonly kind: string;
  /** Numbers and times: ascending; n edges make n + 1 bins, a value at an edge is in the bin above. Else empty. */
  readonly edges: readonly number[];
  /** Text and booleans: the values that have a bin each; all others share one more. Else empty. */
  readonly values: readonly string[];
  /** Rows in each bin, and last the rows without a value. */
  readonly counts: readonly number[];
}

/** Below this share a bin counts as this much, so that an empty one does not make the index infinite. */
const SMALLEST_SHARE = 0.0001;
/** The usual reading of the index: a population has shifted. */
export const SHIFTED = 0.25;

/** The population stability index Σ (p − q) · ln(p / q) of two distributions over the same bins. */
export function stabilityIndex(before: readonly number[], after: readonly number[]): number {
  const totalBefore = sum(before);
  const totalAfter = sum(after);
  return sum(
    before.map((count, bin) => {
      const q = Math.max(SMALLEST_SHARE, count / totalBefore);
      const p = Math.max(SMALLEST_SHARE, (after[bin] ?? 0) / totalAfter);
      return (p - q) * Math.log(p / q);
    }),
  );
}

/**
 * From where on an index is a finding: the usual threshold, or for few rows what chance makes of two samples of one
 * population, which is (bins − 1) · (1/n + 1/m) on average; here with three standard deviations on top.
 */
export function shiftThreshold(before: readonly number[], after: readonly number[]): number {
  const freedom = Math.max(1, before.filter((count, bin) => count + (after[bin] ?? 0) > 0).length - 1);
  const chance = (freedom + 3 * Math.sqrt(2 * freedom)) * (1 / sum(before) + 1 / sum(after));
  return Math.max(SHIFTED, chance);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
