import { isBatchable } from '../tensors/signature.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import type { InputTensor } from '../tensors/tensor.js';
import { requestInvalid } from './protocols.errors.js';
import { quoted } from './quoted.js';

/** A signature as codecs ask it: by name, and whether requests agree on their rows. */
export class SignatureIndex {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Positions of all outputs. */
  readonly allOutputs: readonly number[];
  /** Whether the first dimension of all tensors is the row. */
  readonly hasRows: boolean;
  private readonly inputByName: ReadonlyMap<string, number>;
  private readonly outputByName: ReadonlyMap<string, number>;

  constructor(signature: Signature) {
    this.inputs = signature.inputs;
    this.outputs = signature.outputs;
    this.allOutputs = signature.outputs.map((_, index) => index);
    this.hasRows = isBatchable(signature);
    this.inputByName = indexByName(signature.inputs);
    this.outputByName = indexByName(signature.outputs);
  }

  /** Position of the input a caller names, which must not be among those `taken` already. */
  inputAt(name: unknown, taken: readonly (InputTensor | undefined)[]): number {
    const index = typeof name === 'string' ? this.inputByName.get(name) : undefined;
    if (index === undefined) {
      throw requestInvalid(`The model has no input ${quoted(name)}; it takes ${this.inputNames()}.`);
    }
    if (taken[index] !== undefined)
      throw requestInvalid(`Input ${quoted(name)} is given twice: give it once.`);
    return index;
  }

  /** Position of the output a caller names, which must not be among those asked for already. */
  outputAt(name: unknown, asked: readonly number[]): number {
    const index = typeof name === 'string' ? this.outputByName.get(name) : undefined;
    if (index === undefined) {
      const names = this.outputs.map((spec) => quoted(spec.name)).join(', ');
      throw requestInvalid(`The model has no output ${quoted(name)}; it gives ${names}.`);
    }
    if (asked.includes(index)) throw requestInvalid(`Output ${quoted(name)} is asked for twice: ask once.`);
    return index;
  }

  /** The inputs, all of which must be there. */
  complete(inputs: readonly (InputTensor | undefined)[]): readonly InputTensor[] {
    for (let i = 0; i < this.inputs.length; i++) {
      if (inputs[i] === undefined) {
        throw requestInvalid(`Input ${quoted(this.inputs[i]?.name)} is missing.`);
      }
    }
    return inputs as readonly InputTensor[];
  }

  /** The rows that all inputs have; 1 when the model has none. */
  countRows(inputs: readonly InputTensor[]): number {
    if (!this.hasRows) return 1;
    const rows = inputs[0]?.shape[0] ?? 1;
    for (let i = 1; i < inputs.length; i++) {
      const other = inputs[i]?.shape[0];
      if (other === rows) continue;
      const [first, second] = [this.inputs[0]?.name, this.inputs[i]?.name];
      throw requestInvalid(
        `Input ${quoted(first)} has ${rows} rows and input ${quoted(second)} has ${other}: the first dimension of all inputs must be the same.`,
      );
    }
    return rows;
  }

  inputNames(): string {
    return this.inputs.map((spec) => quoted(spec.name)).join(', ');
  }
}

function indexByName(specs: readonly TensorSpec[]): ReadonlyMap<string, number> {
  return new Map(specs.map((spec, index) => [spec.name, index]));
}
