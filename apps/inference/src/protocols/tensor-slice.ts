import type { Tensor } from '../tensors/tensor.js';

/** One request's part of a result. */
export interface TensorSlice {
  readonly shape: readonly number[];
  /** Its elements are from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
}

/** The rows that are a request's own; everything when the model has no rows. */
export function sliceOf(tensor: Tensor, hasRows: boolean, firstRow: number, rows: number): TensorSlice {
  const { shape, data } = tensor;
  if (!hasRows || (firstRow === 0 && shape[0] === rows)) return { shape, start: 0, end: data.length };
  const stride = data.length / (shape[0] ?? 1);
  const start = firstRow * stride;
  return { shape: [rows, ...shape.slice(1)], start, end: start + rows * stride };
}
