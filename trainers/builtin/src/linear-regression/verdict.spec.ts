import { describe, expect, it } from 'vitest';
import { ordinaryLeastSquares } from './ols.js';
import { mulberry32 } from './random.js';
import type { Sample } from './sample.js';
import { judge } from './verdict.js';

/** `rows` points with `width` uniform features and target f(features) + noise · (uniform − ½). */
function cloud(
  rows: number,
  seed: number,
  f: (...x: number[]) => number,
  { noise = 1, width = 1 } = {},
): Sample {
  const random = mulberry32(seed);
  const features = Array.from({ length: width }, () => Float64Array.from({ length: rows }, random));
  const target = Float64Array.from({ length: rows }, (_, i) => {
    return f(...features.map((column) => column[i] ?? NaN)) + noise * (random() - 0.5);
  });
  return { rows, features, target };
}

const line = (x = 0): number => 10 * x;

describe('the verdict', () => {
  it('is good for a line seen through noise', () => {
    const train = cloud(100, 1, line);
    expect(judge(ordinaryLeastSquares(train), train, cloud(50, 2, line)).kind).toBe('good');
  });

  it('is good for a perfect line', () => {
    const train = cloud(100, 1, line, { noise: 0 });
    expect(judge(ordinaryLeastSquares(train), train, cloud(50, 2, line, { noise: 0 })).kind).toBe('good');
  });

  it('is overfit when 30 features were fitted to 40 rows of noise', () => {
    const [train, validation] = [cloud(40, 3, () => 0, { width: 30 }), cloud(60, 4, () => 0, { width: 30 })];
    const verdict = judge(ordinaryLeastSquares(train), train, validation);
    expect(verdict.kind).toBe('overfit');
    expect(verdict.advice).toContain('fewer features');
  });

  it('is underfit when the descent stopped early', () => {
    const train = cloud(100, 1, line);
    const verdict = judge({ intercept: 2, weights: [5] }, train, cloud(50, 2, line));
    expect(verdict).toMatchObject({
      kind: 'underfit',
      explanation: expect.stringContaining('stopped early') as string,
    });
    expect(verdict.advice).toContain('epochs');
  });

  it('is underfit when the relation is a curve', () => {
    const bow = (x = 0): number => 10 * x * x * x;
    const train = cloud(200, 5, bow, { noise: 0.5 });
    const verdict = judge(ordinaryLeastSquares(train), train, cloud(80, 6, bow, { noise: 0.5 }));
    expect(verdict).toMatchObject({
      kind: 'underfit',
      explanation: expect.stringContaining('straight line') as string,
    });
  });

  it('is underfit when the features say nothing about the target', () => {
    const train = cloud(200, 7, () => 3);
    const verdict = judge(
      ordinaryLeastSquares(train),
      train,
      cloud(80, 8, () => 3),
    );
    expect(verdict).toMatchObject({
      kind: 'underfit',
      explanation: expect.stringContaining('the mean') as string,
    });
  });

  it('is unknown without validation rows, and with too few of them', () => {
    const train = cloud(100, 1, line);
    expect(judge(ordinaryLeastSquares(train), train, undefined).kind).toBe('unknown');
    expect(judge(ordinaryLeastSquares(train), train, cloud(9, 2, line)).kind).toBe('unknown');
  });
});
