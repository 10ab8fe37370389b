import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ordinaryLeastSquares } from './ols.js';
import type { Sample } from './sample.js';

/** NIST's Longley problem (StRD, higher difficulty): y, x1 … x6. Its columns nearly repeat each other. */
const LONGLEY = `60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962`;
const LONGLEY_CERTIFIED = [
  -3482258.63459582, 15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359,
  -0.0511041056535807, 1829.15146461355,
];

function sample(rows: number[][], targetIndex = 0): Sample {
  const column = (j: number): Float64Array => Float64Array.from(rows, (row) => row[j] ?? NaN);
  const width = rows[0]?.length ?? 0;
  const others = Array.from({ length: width }, (_, j) => j).filter((j) => j !== targetIndex);
  return { rows: rows.length, features: others.map(column), target: column(targetIndex) };
}

function parse(text: string, separator: string): number[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(separator).map(Number));
}

describe('ordinary least squares', () => {
  it('agrees with the published line through the Old Faithful data', () => {
    const csv = readFileSync(new URL('../../../../examples/old-faithful.csv', import.meta.url), 'utf8');
    const { intercept, weights } = ordinaryLeastSquares(sample(parse(csv.slice(csv.indexOf('\n')), ','), 1));
    expect(intercept).toBeCloseTo(33.4744, 4);
    expect(weights[0]).toBeCloseTo(10.7296, 4);
  });

  it('agrees with the certified values of a hard problem to nine digits', () => {
    const { intercept, weights } = ordinaryLeastSquares(sample(parse(LONGLEY, ' ')));
    for (const [j, certified] of LONGLEY_CERTIFIED.entries()) {
      expect(([intercept, ...weights][j] ?? NaN) / certified - 1).toBeLessThan(1e-9);
      expect(([intercept, ...weights][j] ?? NaN) / certified - 1).toBeGreaterThan(-1e-9);
    }
  });

  it('gives weight 0 to a constant column and to one that repeats another', () => {
    const rows = [1, 2, 3, 4, 5].map((x) => [3 * x + 1, x, 7, 2 * x - 1]);
    const { intercept, weights, redundant } = ordinaryLeastSquares(sample(rows));
    expect(redundant).toEqual([1, 2]);
    expect(weights[0]).toBeCloseTo(3, 10);
    expect(weights.slice(1)).toEqual([0, 0]);
    expect(intercept).toBeCloseTo(1, 10);
  });

  it('fits more features than rows without leaving the numbers', () => {
    const { intercept, weights } = ordinaryLeastSquares(
      sample([
        [1, 2, 5, 1],
        [2, 3, 1, 4],
      ]),
    );
    expect([intercept, ...weights].every(Number.isFinite)).toBe(true);
  });
});
