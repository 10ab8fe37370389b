import type { Datatype, TensorArray } from './datatype.js';

/** A validated input as it came in: its values fit the datatype and the shape, flat in row-major order. */
export interface InputTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[] | readonly boolean[] | readonly string[];
}

/** What goes into and comes out of an engine run. */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorArray;
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}
