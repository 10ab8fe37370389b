import type { GraphModel } from '@tensorflow/tfjs';
import { modelArtifacts, parseModelJson } from './model-json.js';
import type { SignatureEntry } from './model-json.js';
import type { LayersModelFiles } from './layers-model.js';
import type { Tensorflow } from './load-tensorflow.js';
import { TensorflowModelError } from './tensorflow-model-error.js';

/** An input or output of a graph. */
export interface GraphEndpoint {
  /** As the SavedModel that it comes from called it; the node's name where it does not say. */
  readonly name: string;
  /** What TF.js calls it: `image`, `Identity_1`. */
  readonly node: string;
  /** null is variable; undefined when even the rank is not said. */
  readonly shape: readonly (number | null)[] | undefined;
  /** `float32`, `int32`, `bool`, `string`; undefined when it is not said. */
  readonly dtype: string | undefined;
}

/** A TF.js graph model in memory and what its tensors are called. */
export interface LoadedGraph {
  readonly model: GraphModel;
  readonly inputs: readonly GraphEndpoint[];
  readonly outputs: readonly GraphEndpoint[];
}

/**
 * Builds a TF.js graph model from memory, whatever the backend. Throws TensorflowModelError when the document is not a
 * graph model, a weight path leaves the model, or the weights have the wrong size.
 */
export async function loadGraphModel(tf: Tensorflow, files: LayersModelFiles): Promise<LoadedGraph> {
  const document = parseModelJson(files.modelJson, 'graph-model');
  const artifacts = modelArtifacts(document, files.weights);
  try {
    const model = await tf.loadGraphModel({ load: () => Promise.resolve(artifacts) });
    return {
      model,
      inputs: endpoints(model.inputs, document.signature?.inputs),
      outputs: endpoints(model.outputs, document.signature?.outputs),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TensorflowModelError('model_invalid', `The model cannot be built: ${reason}`, { cause });
  }
}

type Entries = Readonly<Record<string, SignatureEntry>> | undefined;
type Info = Pick<GraphModel['inputs'][number], 'name'> & Partial<GraphModel['inputs'][number]>;

function endpoints(infos: readonly Info[], entries: Entries): GraphEndpoint[] {
  const byNode = new Map(
    Object.entries(entries ?? {}).map(([name, entry]) => [withoutPort(entry.name), { name, entry }]),
  );
  return infos.map((info) => {
    const node = withoutPort(info.name);
    const known = byNode.get(node);
    // Outputs have a type and a shape in the signature only.
    const { shape = sizesOf(known?.entry), dtype = DTYPES[known?.entry.dtype ?? ''] } = info;
    return {
      name: known?.name ?? node,
      node,
      shape: shape?.map((size) => (size < 0 ? null : size)),
      dtype,
    };
  });
}

function sizesOf(entry: SignatureEntry | undefined): number[] | undefined {
  return entry?.tensorShape?.dim?.map(({ size }) => size);
}

/** TensorFlow's words for the types that TF.js computes. */
const DTYPES: Readonly<Record<string, string>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};

/** The first output of a node has two names: `Identity` and `Identity:0`. */
function withoutPort(name: string): string {
  return name.replace(/:0$/, '');
}
