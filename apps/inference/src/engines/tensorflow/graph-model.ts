import type { LoadedGraph, Tensorflow } from '@aimass/platform-tensorflow';
import type { Signature } from '../../tensors/signature.js';
import type { Tensor } from '../../tensors/tensor.js';
import type { LoadedModel } from '../engine.js';
import { bindEndpoints } from './endpoints.js';
import type { BoundEndpoint } from './endpoints.js';
import { fromTfTensor, toTfTensor } from './tf-tensors.js';
import type { TfTensor } from './tf-tensors.js';

/** A TF.js graph model bound to its signature, with the names of the SavedModel that it was converted from. */
export class GraphModel implements LoadedModel {
  private readonly inputs: readonly BoundEndpoint[];
  private readonly outputs: readonly BoundEndpoint[];
  private readonly fetches: string[];
  /** Loops, branches and outputs whose shape depends on values cannot be computed in one go. */
  private isDynamic = false;

  /** Throws `precondition_failed` when the graph and the signature do not fit. */
  constructor(
    private readonly tf: Tensorflow,
    private readonly graph: LoadedGraph,
    signature: Signature,
  ) {
    this.inputs = bindEndpoints('input', signature.inputs, graph.inputs);
    this.outputs = bindEndpoints('output', signature.outputs, graph.outputs);
    this.fetches = this.outputs.map(({ position }) => graph.outputs[position]?.node ?? '');
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const feeds: Record<string, TfTensor> = {};
    let results: TfTensor[] = [];
    try {
      this.inputs.forEach(({ position, dtype }, i) => {
        const input = inputs[i];
        if (input) feeds[this.graph.inputs[position]?.node ?? ''] = toTfTensor(this.tf, input, dtype);
      });
      results = await this.execute(feeds);
      return this.outputs.map(({ name, datatype }, i) => {
        const result = results[i];
        if (result === undefined) throw new Error(`The model gave no output "${name}".`);
        return fromTfTensor(this.tf, result, datatype);
      });
    } finally {
      // An output that is an input or a constant of the graph comes out as a tensor of its own.
      this.tf.dispose([...Object.values(feeds), ...results]);
    }
  }

  dispose(): void {
    this.graph.model.dispose();
  }

  private async execute(feeds: Record<string, TfTensor>): Promise<TfTensor[]> {
    if (!this.isDynamic) {
      try {
        // Without tidy, what was computed before a failing operator would stay.
        return toArray(this.tf.tidy(() => this.graph.model.execute(feeds, this.fetches)));
      } catch (error) {
        // TF.js says only here which graphs it cannot execute in one go, before it computes anything.
        if (!(error instanceof Error) || !error.message.includes('executeAsync()')) throw error;
        this.isDynamic = true;
      }
    }
    return toArray(await this.graph.model.executeAsync(feeds, this.fetches));
  }
}

function toArray(result: TfTensor | TfTensor[]): TfTensor[] {
  return Array.isArray(result) ? result : [result];
}
