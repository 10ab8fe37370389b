import { splitPartEmpty, splitRatiosInvalid } from './splits.errors.js';

/** What share of the rows goes where: each 0..1, together 1. */
export interface Ratios {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** How far the sum may be from 1: decimal fractions have no exact binary form. */
const TOLERANCE = 1e-9;

/** Parts in the order in which rows are handed out and ties are broken. */
export const PARTS = ['train', 'validation', 'test'] as const;
export type PartName = (typeof PARTS)[number];

/** Throws `split_ratios_invalid` unless each ratio is in 0..1, train is not 0, and they add up to 1. */
export function assertRatios(ratios: Ratios): void {
  const violations = PARTS.filter((part) => !(ratios[part] >= 0 && ratios[part] <= 1)).map((part) => ({
    path: `ratios.${part}`,
    message: 'must be between 0 and 1',
  }));
  if (violations.length > 0)
    throw splitRatiosInvalid('Each split ratio must be between 0 and 1.', violations);
  const sum = ratios.train + ratios.validation + ratios.test;
  if (Math.abs(sum - 1) > TOLERANCE) {
    throw splitRatiosInvalid(`The split ratios must add up to 1; they add up to ${Number(sum.toFixed(9))}.`);
  }
  if (ratios.train === 0) throw splitRatiosInvalid('The ratio of train must be greater than 0.');
}

/**
 * Sizes by largest remainder, in the order of PARTS: every part gets the whole rows of its share, and the rows left over
 * go one each to the parts with the largest fractions, ties to train, then validation. 272 rows at 0.7/0.15/0.15 are
 * 190/41/41. A part with ratio 0 gets none.
 */
export function targetSizes(ratios: Ratios, rowCount: number): number[] {
  const sum = ratios.train + ratios.validation + ratios.test;
  const shares = PARTS.map((name) => {
    const exact = (rowCount * ratios[name]) / sum;
    return { isWanted: ratios[name] > 0, whole: Math.floor(exact), fraction: exact - Math.floor(exact) };
  });
  const left = rowCount - shares.reduce((total, share) => total + share.whole, 0);
  // The sort is stable: ties keep the order of PARTS.
  const byFraction = shares.filter(({ isWanted }) => isWanted).sort((a, b) => b.fraction - a.fraction);
  const lucky = new Set(byFraction.slice(0, left));
  return shares.map((share) => share.whole + (lucky.has(share) ? 1 : 0));
}

/** Throws `split_part_empty` for a part that asks for rows and got none; `sizes` are in the order of PARTS. */
export function assertNoPartEmpty(ratios: Ratios, sizes: readonly number[]): void {
  const rowCount = sizes.reduce((sum, size) => sum + size, 0);
  PARTS.forEach((name, index) => {
    if (ratios[name] > 0 && sizes[index] === 0) throw splitPartEmpty(name, ratios[name], rowCount);
  });
}
