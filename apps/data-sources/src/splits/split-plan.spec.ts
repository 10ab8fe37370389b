import { describe, expect, it } from 'vitest';
import { assertRatios, partSizes } from './split-plan.js';

const ratios = (train: number, validation: number, test: number) => ({ train, validation, test });
const sizes = (rowCount: number, ...parts: [number, number, number]) =>
  partSizes(ratios(...parts), rowCount).map((part) => `${part.name} ${part.rowCount}`);

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

describe('partSizes', () => {
  it('gives the rows left over to the largest fractions, ties to the earlier part', () => {
    expect(sizes(272, 0.7, 0.15, 0.15)).toEqual(['train 190', 'validation 41', 'test 41']);
    expect(sizes(10, 1 / 3, 1 / 3, 1 / 3)).toEqual(['train 4', 'validation 3', 'test 3']);
    expect(sizes(3, 0.5, 0.5, 0)).toEqual(['train 2', 'validation 1']);
    expect(sizes(100, 0.29, 0.42, 0.29)).toEqual(['train 29', 'validation 42', 'test 29']);
  });

  it('hands out every row exactly once, whatever the count', () => {
    for (let rowCount = 10; rowCount < 2_000; rowCount++) {
      const parts = partSizes(ratios(0.7, 0.2, 0.1), rowCount);
      expect(parts.reduce((sum, part) => sum + part.rowCount, 0)).toBe(rowCount);
    }
  });

  it('refuses a part that asks for rows and would get none', () => {
    expect(() => sizes(4, 0.9, 0.05, 0.05)).toThrow(/leaves no row for validation/);
  });
});
