import { signatureMismatch } from './model-files.errors.js';

/** One input or output; a dimension is a number as text, as on the wire, and -1 is variable. */
export interface TensorFacts {
  readonly name: string;
  /** The Open Inference Protocol's word. */
  readonly datatype: string;
  readonly shape: readonly string[];
}

/** Inputs and outputs in the order of the files. */
export interface SignatureFacts {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

/**
 * Checks a signature that a caller gives against the model's own: every input, and outputs that the model has, with the
 * same datatype and number of dimensions; what is fixed in the model is the same, what is variable may be narrower. FP16
 * and BF16 may be said of the model's FP32: engines widen them exactly and round results to the nearest.
 * With `byPosition` the names are the caller's. Throws `unprocessable`.
 */
export function assertSignatureFits(given: SignatureFacts, own: SignatureFacts, byPosition: boolean): void {
  if (given.inputs.length !== own.inputs.length)
    throw signatureMismatch(`it has ${given.inputs.length} inputs, the model has ${own.inputs.length}`);
  if (given.outputs.length === 0) throw signatureMismatch('it has no output');
  assertDistinct([...given.inputs]);
  assertDistinct([...given.outputs]);
  given.inputs.forEach((spec, index) => assertFits('input', spec, pick(own.inputs, spec, byPosition, index)));
  given.outputs.forEach((spec, index) =>
    assertFits('output', spec, pick(own.outputs, spec, byPosition, index)),
  );
}

function pick(
  specs: readonly TensorFacts[],
  { name }: TensorFacts,
  byPosition: boolean,
  index: number,
): TensorFacts | undefined {
  return byPosition ? specs[index] : specs.find((spec) => spec.name === name);
}

function assertDistinct(specs: readonly TensorFacts[]): void {
  const names = new Set(specs.map((spec) => spec.name));
  if (names.size !== specs.length) throw signatureMismatch('a name appears twice');
}

function assertFits(kind: string, given: TensorFacts, own: TensorFacts | undefined): void {
  const what = `${kind} ${JSON.stringify(given.name)}`;
  if (own === undefined) throw signatureMismatch(`the model has no ${what}`);
  const isHalf = own.datatype === 'FP32' && (given.datatype === 'FP16' || given.datatype === 'BF16');
  if (given.datatype !== own.datatype && !isHalf)
    throw signatureMismatch(`${what} is ${given.datatype}, in the model it is ${own.datatype}`);
  const fits =
    given.shape.length === own.shape.length &&
    given.shape.every((dim, index) => own.shape[index] === '-1' || own.shape[index] === dim);
  if (!fits)
    throw signatureMismatch(
      `${what} has shape [${given.shape.join(',')}], in the model it has [${own.shape.join(',')}]`,
    );
}
