import type { Datatype } from './datatype.js';

/** One named tensor of a signature; -1 is a variable dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** What a model takes and gives, in order. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Whether requests can share an engine run: the first dimension of every input and output is variable, which by the
 * platform's convention makes it the row.
 */
export function isBatchable(signature: Signature): boolean {
  return [...signature.inputs, ...signature.outputs].every((spec) => spec.shape[0] === -1);
}

/** Whether a dimension other than the first varies, so that only requests of equal shape can share a run. */
export function hasVariableTail(signature: Signature): boolean {
  return signature.inputs.some((spec) => spec.shape.indexOf(-1, 1) !== -1);
}
