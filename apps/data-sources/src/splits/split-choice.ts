import type { Ratios } from './split-plan.js';

/** How rows were chosen. */
export type SplitStrategy = SplitChoice['strategy'];

/** Where a split by time is cut, ISO 8601: rows from a cut on are in its part. Empty for other splits. */
export interface SplitCuts {
  readonly validationFrom?: string;
  readonly testFrom?: string;
}

/** How the rows of a version are chosen for the parts of a split. */
export type SplitChoice =
  | { readonly strategy: 'random'; readonly ratios: Ratios; readonly seed: string }
  /** The ratios hold within each value of the column. */
  | {
      readonly strategy: 'stratified';
      readonly column: string;
      readonly ratios: Ratios;
      readonly seed: string;
    }
  /** The earliest rows are train. */
  | { readonly strategy: 'time'; readonly column: string; readonly ratios: Ratios }
  | { readonly strategy: 'time'; readonly column: string; readonly cuts: SplitCuts }
  /** All rows of one value of the column are in one part. */
  | { readonly strategy: 'group'; readonly column: string; readonly ratios: Ratios; readonly seed: string };
