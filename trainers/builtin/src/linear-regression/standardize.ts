import { at, type Coefficients, type Sample } from './sample.js';

/** Centre and spread of a column; a constant column has scale 1, so that it becomes all zeros. */
interface Scale {
  mean: number;
  scale: number;
  isConstant: boolean;
}

export interface Scaler {
  features: Scale[];
  target: Scale;
}

/** A sample in standard units and float32, as TensorFlow takes it; `x` is row-major [rows, features]. */
export interface StandardSample {
  rows: number;
  x: Float32Array;
  y: Float32Array;
}

/** A linear model in standard units. */
export interface StandardWeights {
  weights: number[];
  bias: number;
}

/** Learns centre and spread of every column from the training rows only. */
export function fitScaler(sample: Sample): Scaler {
  return { features: sample.features.map(scaleOf), target: scaleOf(sample.target) };
}

export function standardize(scaler: Scaler, sample: Sample): StandardSample {
  const width = scaler.features.length;
  const x = new Float32Array(sample.rows * width);
  for (const [j, { mean, scale }] of scaler.features.entries()) {
    const values = sample.features[j] ?? new Float64Array();
    for (let i = 0; i < sample.rows; i++) x[i * width + j] = (at(values, i) - mean) / scale;
  }
  const { mean, scale } = scaler.target;
  return { rows: sample.rows, x, y: Float32Array.from(sample.target, (value) => (value - mean) / scale) };
}

/** The same model in the units of the data. In float64, so nothing is lost before the final rounding. */
export function fold(scaler: Scaler, standard: StandardWeights): Coefficients {
  const { mean: targetMean, scale: targetScale } = scaler.target;
  let intercept = targetMean + targetScale * standard.bias;
  const weights = scaler.features.map(({ mean, scale, isConstant }, j) => {
    const weight = isConstant ? 0 : (targetScale * (standard.weights[j] ?? NaN)) / scale;
    intercept -= weight * mean;
    return weight;
  });
  return { intercept, weights };
}

function scaleOf(values: Float64Array): Scale {
  const rows = values.length;
  let mean = 0;
  for (const value of values) mean += value / rows;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / rows;
  const deviation = Math.sqrt(variance);
  // A constant column of large numbers has a spread of rounding errors, not zero.
  const isConstant = !(deviation > Math.abs(mean) * 1e-14);
  return { mean, scale: isConstant ? 1 : deviation, isConstant };
}
