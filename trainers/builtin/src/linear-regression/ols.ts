import { at, type Coefficients, type Sample } from './sample.js';
import { fitScaler } from './standardize.js';

/** A pivot below this share of its column's length means that the column repeats the others. */
const RANK_TOLERANCE = 1e-10;

export interface OlsResult extends Coefficients {
  /** Indices of features that the others determine (or that are constant); their weight is 0. */
  redundant: number[];
}

/**
 * Ordinary least squares in float64, by Householder QR of the standardized columns (Golub & Van Loan, Matrix
 * Computations, algorithm 5.3.2): the closed form that gradient descent is compared with.
 */
export function ordinaryLeastSquares(sample: Sample): OlsResult {
  const scaler = fitScaler(sample);
  const columns = sample.features.map((values, j) => {
    const { mean = 0, scale = 1 } = scaler.features[j] ?? {};
    return values.map((value) => (value - mean) / scale);
  });
  const right = sample.target.map((value) => value - scaler.target.mean);
  const { pivots, redundant } = triangularize(columns, right);
  const solved = solveUpper(columns, right, pivots);
  let intercept = scaler.target.mean;
  const weights = sample.features.map((_, j) => {
    const { mean = 0, scale = 1 } = scaler.features[j] ?? {};
    const weight = (solved.get(j) ?? 0) / scale;
    intercept -= weight * mean;
    return weight;
  });
  return { intercept, weights, redundant };
}

/** Turns the columns into R (column `pivots[k]` holds R's column k in its first k+1 entries), `right` into Qᵀ·right. */
function triangularize(
  columns: Float64Array[],
  right: Float64Array,
): { pivots: number[]; redundant: number[] } {
  const pivots: number[] = [];
  const redundant: number[] = [];
  for (const [j, column] of columns.entries()) {
    const k = pivots.length;
    const length = norm(column, 0);
    const below = norm(column, k);
    if (k >= right.length || !(below > RANK_TOLERANCE * length)) {
      redundant.push(j);
      continue;
    }
    const reflector = column.slice(k);
    const diagonal = at(column, k) > 0 ? -below : below;
    reflector[0] = at(column, k) - diagonal;
    const square = norm(reflector, 0) ** 2;
    for (const other of [...columns.slice(j + 1), right]) reflect(reflector, square, other, k);
    column[k] = diagonal;
    pivots.push(j);
  }
  return { pivots, redundant };
}

function reflect(reflector: Float64Array, square: number, target: Float64Array, from: number): void {
  let product = 0;
  for (let i = 0; i < reflector.length; i++) product += at(reflector, i) * at(target, from + i);
  const factor = (2 * product) / square;
  for (let i = 0; i < reflector.length; i++) {
    target[from + i] = at(target, from + i) - factor * at(reflector, i);
  }
}

/** Back substitution; gives each pivot column its weight. */
function solveUpper(columns: Float64Array[], right: Float64Array, pivots: number[]): Map<number, number> {
  const solved = new Map<number, number>();
  for (let k = pivots.length - 1; k >= 0; k--) {
    let value = at(right, k);
    for (const later of pivots.slice(k + 1)) {
      value -= at(columns[later] ?? right, k) * (solved.get(later) ?? 0);
    }
    const pivot = pivots[k] ?? 0;
    solved.set(pivot, value / at(columns[pivot] ?? right, k));
  }
  return solved;
}

/** Euclidean length of the entries from `start` on. */
function norm(values: Float64Array, start: number): number {
  let sum = 0;
  for (let i = start; i < values.length; i++) sum += at(values, i) ** 2;
  return Math.sqrt(sum);
}
