import type { SplitChoice, SplitCuts } from './split-choice.js';
import { assertNoPartEmpty, assertRatios, PARTS } from './split-plan.js';
import { splitChoiceInvalid, splitPartWithoutRows } from './splits.errors.js';

/** Throws `invalid` for ratios that do not add up, and for cuts that leave no order of parts. */
export function assertChoice(choice: SplitChoice): void {
  if (!('cuts' in choice)) return assertRatios(choice.ratios);
  const { validationFrom, testFrom } = choice.cuts;
  if (validationFrom === undefined && testFrom === undefined) {
    throw splitChoiceInvalid('cuts', 'Give validationFrom, testFrom or both.');
  }
  if (validationFrom !== undefined && testFrom !== undefined && !(validationFrom < testFrom)) {
    throw splitChoiceInvalid('cuts', 'validationFrom must come before testFrom.');
  }
}

/** Throws `split_part_empty` when a part that was asked for got no row; `sizes` are in the order of PARTS. */
export function assertSizes(choice: SplitChoice, sizes: readonly number[]): void {
  if (!('cuts' in choice)) return assertNoPartEmpty(choice.ratios, sizes);
  const wanted = partsOfCuts(choice.cuts);
  PARTS.forEach((name, index) => {
    if (wanted[index] && sizes[index] === 0) throw splitPartWithoutRows(name);
  });
}

function partsOfCuts({ validationFrom, testFrom }: SplitCuts): boolean[] {
  return [true, validationFrom !== undefined, testFrom !== undefined];
}
