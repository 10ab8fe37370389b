import type { Tensor } from '@tensorflow/tfjs';
import type { TensorflowRuntime } from './load-tensorflow.js';
import { TensorflowModelError } from './tensorflow-model-error.js';

type NamedTensors = Record<string, Tensor>;

/** An input or output of a SavedModel's signature. */
export interface SavedModelEndpoint {
  readonly name: string;
  /** null is variable; empty for a scalar and for an unknown rank. */
  readonly shape: readonly (number | null)[];
  /** TensorFlow's word: `DT_FLOAT`. */
  readonly type: string;
}

/** A SavedModel in the memory of the native library. */
export interface SavedModel {
  readonly inputs: readonly SavedModelEndpoint[];
  readonly outputs: readonly SavedModelEndpoint[];
  /** Runs the signature; names are its own. The caller disposes the tensors. */
  predict(inputs: NamedTensors): NamedTensors;
  dispose(): void;
}

/** The parts of tfjs-node that this uses; the package is optional, and so are its types. */
interface TensorInfo {
  readonly tfDtype: string;
  readonly shape: readonly { getSize(): number }[];
}
interface SignatureDef {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}
interface TfNode {
  getMetaGraphsFromSavedModel(
    path: string,
  ): Promise<{ readonly tags: readonly string[]; readonly signatureDefs: Record<string, SignatureDef> }[]>;
  loadSavedModel(
    path: string,
    tags: readonly string[],
    signature: string,
  ): Promise<{ predict(inputs: NamedTensors): NamedTensors; dispose(): void }>;
}

const SERVE = 'serve';
const DEFAULT_SIGNATURE = 'serving_default';

/**
 * Loads the SavedModel in a folder: the signature that `accepts`, `serving_default` before others. Throws
 * TensorflowModelError: `backend_missing` without the native library, `model_invalid` when there is no such signature
 * or TensorFlow cannot load it.
 */
export async function loadSavedModel(
  runtime: TensorflowRuntime,
  folder: string,
  accepts: (signature: { inputs: readonly string[]; outputs: readonly string[] }) => boolean,
): Promise<SavedModel> {
  const node = nativeOf(runtime);
  try {
    const graphs = await node.getMetaGraphsFromSavedModel(folder);
    const graph = graphs.find(({ tags }) => tags.includes(SERVE));
    if (graph === undefined) throw new Error(`it has no graph with the tag ${SERVE}`);
    const [key, signature] = chooseSignature(graph.signatureDefs, accepts);
    const model = await node.loadSavedModel(folder, graph.tags, key);
    return {
      inputs: Object.entries(signature.inputs).map(toEndpoint),
      outputs: Object.entries(signature.outputs).map(toEndpoint),
      predict: (inputs) => withoutWarnings(() => model.predict(inputs)),
      dispose: () => model.dispose(),
    };
  } catch (cause) {
    if (cause instanceof TensorflowModelError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TensorflowModelError('model_invalid', `The SavedModel cannot be loaded: ${reason}`, { cause });
  }
}

function nativeOf(runtime: TensorflowRuntime): TfNode {
  if ('node' in runtime.tf) return (runtime.tf as unknown as { node: TfNode }).node;
  throw new TensorflowModelError(
    'backend_missing',
    'A SavedModel needs the native TensorFlow library, which is not built here: run `npm run setup:tensorflow`, ' +
      'or export the model as ONNX or as a TF.js graph model.',
  );
}

function chooseSignature(
  signatures: Readonly<Record<string, SignatureDef>>,
  accepts: (signature: { inputs: readonly string[]; outputs: readonly string[] }) => boolean,
): [string, SignatureDef] {
  const isDefault = ([key]: [string, SignatureDef]): number => (key === DEFAULT_SIGNATURE ? 0 : 1);
  const all = Object.entries(signatures).sort((a, b) => isDefault(a) - isDefault(b));
  const fitting = all.find(([, { inputs, outputs }]) =>
    accepts({ inputs: Object.keys(inputs), outputs: Object.keys(outputs) }),
  );
  if (fitting) return fitting;
  const told = all.map(([key, { inputs, outputs }]) => {
    return `${key} (${Object.keys(inputs).join(', ')}) -> (${Object.keys(outputs).join(', ')})`;
  });
  throw new TensorflowModelError(
    'model_invalid',
    `No signature of the SavedModel has the names of the version's: it has ${told.join('; ') || 'none'}.`,
  );
}

function toEndpoint([name, { shape, tfDtype }]: [string, TensorInfo]): SavedModelEndpoint {
  const sizes = shape.map((dim) => dim.getSize());
  return { name, type: tfDtype, shape: sizes.map((size) => (size < 0 ? null : size)) };
}

/** tfjs-node tells the console of every INT64 output of every run. Nothing else can run meanwhile. */
function withoutWarnings<T>(run: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return run();
  } finally {
    console.warn = warn;
  }
}
