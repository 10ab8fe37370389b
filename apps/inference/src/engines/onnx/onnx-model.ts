import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Datatype } from '../../tensors/datatype.js';
import type { Signature, TensorSpec } from '../../tensors/signature.js';
import type { Tensor } from '../../tensors/tensor.js';
import type { LoadedModel } from '../engine.js';
import { modelUnusable } from '../engines.errors.js';
import { canServe, fromOrtTensor, isOrtType, toOrtTensor } from './onnx-datatypes.js';
import type { OrtType } from './onnx-datatypes.js';

/** A tensor of the signature and the type the graph computes it in. */
interface Port {
  readonly name: string;
  readonly datatype: Datatype;
  readonly type: OrtType;
}

/**
 * An ONNX graph bound to its signature. Only outputs that the signature names are computed, so that a graph may have
 * others that no tensor can hold (scikit-learn's ZipMap).
 *
 * Where the time of a one-row linear model goes (Node 20, 2 cores): 8.5 µs in all, of which 1.4 are the turn of the event
 * loop that the binding takes before it computes, 0.1 the creation of a tensor. Reusing feeds or results saved nothing
 * that could be measured, and would keep a large request in memory until the next one.
 */
export class OnnxModel implements LoadedModel {
  private readonly inputs: readonly Port[];
  private readonly outputs: readonly Port[];
  private readonly fetches: readonly string[];

  /** Throws `precondition_failed` when the graph and the signature do not fit. */
  constructor(
    private readonly session: InferenceSession,
    signature: Signature,
  ) {
    // Inputs that have an initializer are not among these: they may be left out, and are.
    const graphInputs = session.inputMetadata;
    if (signature.inputs.length !== graphInputs.length) {
      throw modelUnusable(
        `The signature has ${signature.inputs.length} inputs, the model has ${graphInputs.length}: ${graphInputs.map(({ name }) => `"${name}"`).join(', ')}.`,
      );
    }
    this.inputs = signature.inputs.map((spec) => bind('input', spec, graphInputs));
    this.outputs = signature.outputs.map((spec) => bind('output', spec, session.outputMetadata));
    this.fetches = this.outputs.map(({ name }) => name);
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const feeds: Record<string, OrtTensor> = {};
    for (let i = 0; i < this.inputs.length; i++) {
      const port = this.inputs[i];
      const input = inputs[i];
      if (port && input) feeds[port.name] = toOrtTensor(input, port.type);
    }
    const results = await this.session.run(feeds, this.fetches);
    return this.outputs.map(({ name, datatype }) => {
      const result = results[name];
      if (result === undefined) throw new Error(`The model gave no output "${name}".`);
      return fromOrtTensor(result, datatype);
    });
  }

  dispose(): void {
    // It frees the session at once, and can only fail when that has been done before.
    this.session.release().catch(() => undefined);
  }
}

/** The graph's tensor of the signature's name, when datatype and shape fit. */
function bind(
  role: 'input' | 'output',
  { name, datatype, shape }: TensorSpec,
  graph: readonly InferenceSession.ValueMetadata[],
): Port {
  const found = graph.find((value) => value.name === name);
  if (found === undefined) {
    const names = graph.map((value) => `"${value.name}"`).join(', ');
    throw modelUnusable(`The signature names ${role} "${name}", the model has ${names}.`);
  }
  if (!found.isTensor) {
    throw modelUnusable(
      `The ${role} "${name}" of the model is a sequence or a map, not a tensor: leave it out of the signature, or export the model without it (scikit-learn: the option zipmap=False).`,
    );
  }
  const { type } = found;
  if (!isOrtType(type) || !canServe(datatype, type)) {
    throw modelUnusable(`The signature says ${role} "${name}" is ${datatype}, the model says ${type}.`);
  }
  requireShape(role, { name, datatype, shape }, found.shape);
  return { name, datatype, type };
}

/** A dimension that the graph names or leaves open takes what the signature says; one without dimensions takes any. */
function requireShape(role: string, { name, shape }: TensorSpec, graph: readonly (number | string)[]): void {
  // The binding cannot tell a scalar from a tensor of unknown rank; should it be one, the warm-up run says so.
  if (graph.length === 0) return;
  const fits =
    graph.length === shape.length && graph.every((size, i) => typeof size === 'string' || size === shape[i]);
  if (fits) return;
  const told = graph.map((size) => (typeof size === 'string' ? -1 : size)).join(',');
  throw modelUnusable(
    `The signature says ${role} "${name}" has shape [${shape.join(',')}], the model says [${told}].`,
  );
}
