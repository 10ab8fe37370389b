/** Rows of one channel as columns: `features[j][i]` is feature j of row i, `target[i]` its true value. */
export interface Sample {
  rows: number;
  features: Float64Array[];
  target: Float64Array;
}

/** A linear model in the units of the data: prediction = intercept + Σ weights[j] · features[j]. */
export interface Coefficients {
  intercept: number;
  weights: number[];
}

/** The rows of several samples, one after the other. */
export function joinSamples(samples: Sample[]): Sample {
  const rows = samples.reduce((sum, sample) => sum + sample.rows, 0);
  const join = (pick: (sample: Sample) => Float64Array): Float64Array => {
    const joined = new Float64Array(rows);
    let offset = 0;
    for (const sample of samples) {
      joined.set(pick(sample), offset);
      offset += sample.rows;
    }
    return joined;
  };
  const width = samples[0]?.features.length ?? 0;
  return {
    rows,
    features: Array.from({ length: width }, (_, j) => join((sample) => column(sample.features, j))),
    target: join((sample) => sample.target),
  };
}

/** Predictions of a model for every row, in float64. */
export function predict({ intercept, weights }: Coefficients, sample: Sample): Float64Array {
  const predictions = new Float64Array(sample.rows).fill(intercept);
  for (const [j, weight] of weights.entries()) {
    const values = column(sample.features, j);
    for (let i = 0; i < sample.rows; i++) predictions[i] = at(predictions, i) + weight * at(values, i);
  }
  return predictions;
}

/** Element i, which the caller knows to exist. */
export function at(values: Float64Array, i: number): number {
  return values[i] ?? NaN;
}

function column(columns: Float64Array[], j: number): Float64Array {
  return columns[j] ?? new Float64Array();
}
