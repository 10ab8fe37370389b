import type { BytesElement, Datatype, TensorArray } from './datatype.js';

/**
 * A validated input as it came in: its values fit the datatype and the shape, flat in row-major order. Binary inputs are
 * typed arrays already (views of the request's body where alignment allows), JSON inputs are what JSON has; 64-bit
 * integers that JSON numbers cannot hold are bigints.
 */
export interface InputTensor {
  readonly shape: readonly number[];
  readonly values: InputValues;
}

/** See InputTensor. */
export type InputValues =
  TensorArray | readonly (number | bigint)[] | readonly boolean[] | readonly BytesElement[];

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
