import { expect, it } from 'vitest';
import { predict, type Sample } from './sample.js';
import { fitScaler, fold, standardize } from './standardize.js';

const sample: Sample = {
  rows: 4,
  features: [Float64Array.of(2001, 2003, 2007, 2013), Float64Array.of(5, 5, 5, 5)],
  target: Float64Array.of(-1e6, 2e6, 4e6, 9e6),
};

it('centres and scales every column, and turns a constant one into zeros', () => {
  const { x, y } = standardize(fitScaler(sample), sample);
  const years = [0, 2, 4, 6].map((i) => x[i] ?? NaN);
  expect(years.reduce((a, b) => a + b)).toBeCloseTo(0, 5);
  expect(years.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 5);
  expect([1, 3, 5, 7].map((i) => x[i])).toEqual([0, 0, 0, 0]);
  expect(y.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 5);
});

it('folds back into a model of raw units that predicts the same', () => {
  const scaler = fitScaler(sample);
  const standard = { weights: [0.7, 123], bias: -0.2 };
  const { x } = standardize(scaler, sample);
  const folded = fold(scaler, standard);
  const expected = [0, 1, 2, 3].map(
    (i) => scaler.target.mean + scaler.target.scale * (0.7 * (x[i * 2] ?? NaN) - 0.2),
  );
  predict(folded, sample).forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? NaN)) / scaler.target.scale).toBeLessThan(1e-6);
  });
  expect(folded.weights[1]).toBe(0);
});
