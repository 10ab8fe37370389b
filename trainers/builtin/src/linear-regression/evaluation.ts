import { at, type Coefficients, predict, type Sample } from './sample.js';

/** How well a model predicts one sample. */
export interface Evaluation {
  /** Root mean squared error, in units of the target. */
  rmse: number;
  /** Share of the variance explained; null when the target does not vary in this sample. */
  r2: number | null;
  /** Standard error of the mean squared error: how far it may be off because the sample is small. */
  mseStandardError: number;
}

/** Evaluates a model on a sample in float64. R² compares with predicting the sample's own mean. */
export function evaluate(model: Coefficients, sample: Sample): Evaluation {
  const predictions = predict(model, sample);
  const squares = sample.target.map((value, i) => (value - at(predictions, i)) ** 2);
  const mse = mean(squares);
  const center = mean(sample.target);
  const variance = mean(sample.target.map((value) => (value - center) ** 2));
  const spread = mean(squares.map((square) => (square - mse) ** 2));
  return {
    rmse: Math.sqrt(mse),
    r2: variance > 0 ? 1 - mse / variance : null,
    mseStandardError: Math.sqrt(spread / sample.rows),
  };
}

export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
