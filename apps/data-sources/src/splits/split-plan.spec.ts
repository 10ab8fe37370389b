import { describe, expect, it } from 'vitest';
import { assertNoPartEmpty, assertRatios, targetSizes } from './split-plan.js';

const ratios = (train: number, validation: number, test: number) => ({ train, validation, test });
describe('assertRatios', () => {
  it('accepts ratios that add up to 1 but for the noise of binary fractions', () => {
    expect(() => assertRatios(ratios(0.7, 0.2, 0.1))).not.toThrow();
    expect(() => assertRatios(ratios(1 / 3, 1 / 3, 1 / 3))).not.toThrow();
    expect(() => assertRatios(ratios(1, 0, 0))).not.toThrow();
  });

  it('refuses a sum that is not 1 and says what it is', () => {
    expect(() => assertRatios(ratios(0.7, 0.2, 0.2))).toThrow(/add up to 1.1\./);
    expect(() => assertRatios(ratios(0.7, 0.3, 1e-8))).toThrow(/add up/);
    expect(() => assertRatios(ratios(0, 0, 0))).toThrow(/add up to 0\./);
  });

  it.each([ratios(1.2, -0.2, 0), ratios(Number.NaN, 0.5, 0.5), ratios(Infinity, 0, 0)])(
    'refuses %j',
    (wrong) => {
      expect(() => assertRatios(wrong)).toThrow(/between 0 and 1/);
    },
  );

  it('refuses to leave train without rows', () => {
    expect(() => assertRatios(ratios(0, 0.5, 0.5))).toThrow(/train/);
  });
});

describe('targetSizes', () => {
  it('gives the rows left over to the largest fractions, ties to the earlier part', () => {
    expect(targetSizes(ratios(0.7, 0.15, 0.15), 272)).toEqual([190, 41, 41]);
    expect(targetSizes(ratios(1 / 3, 1 / 3, 1 / 3), 10)).toEqual([4, 3, 3]);
    expect(targetSizes(ratios(0.5, 0.5, 0), 3)).toEqual([2, 1, 0]);
    expect(targetSizes(ratios(0.29, 0.42, 0.29), 100)).toEqual([29, 42, 29]);
    expect(targetSizes(ratios(0.5, 0, 0.5), 1)).toEqual([1, 0, 0]);
  });

  it('hands out every row exactly once, whatever the count', () => {
    for (let rowCount = 0; rowCount < 2_000; rowCount++) {
      const sizes = targetSizes(ratios(0.7, 0.2, 0.1), rowCount);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(rowCount);
    }
  });
});

it('refuses a part that asks for rows and got none', () => {
  expect(() => assertNoPartEmpty(ratios(0.9, 0.05, 0.05), [4, 0, 0])).toThrow(/leaves no row for validation/);
  expect(() => assertNoPartEmpty(ratios(0.9, 0.1, 0), [3, 1, 0])).not.toThrow();
});
