import type { ModelFile } from '../model-file.js';
import { scanWire, toInt64, toText } from '../wire/wire-scan.js';
import type { MessageScan } from '../wire/wire-scan.js';
import type { MetaGraph, TfFunction, TfNode, TfSignature, TfTensor } from './scanned-graph.js';

/** Field numbers. https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf and …/framework */
const SAVED_MODEL = { metaGraphs: 2 } as const;
const META_GRAPH = { info: 1, graph: 2, saver: 3, collection: 4, signature: 5, assets: 6 } as const;
const META_INFO = { tags: 4 } as const;
const GRAPH_DEF = { node: 1, library: 2 } as const;
const LIBRARY = { function: 1 } as const;
const FUNCTION_DEF = { signature: 1, node: 3 } as const;
const OP_DEF = { name: 1 } as const;
const NODE_DEF = { name: 1, op: 2, input: 3, attribute: 5 } as const;
const MAP_ENTRY = { key: 1, value: 2 } as const;
const ATTRIBUTE_VALUE = { list: 1, text: 2, function: 10 } as const;
const LIST_VALUE = { function: 9 } as const;
const NAME_LIST = { name: 1 } as const;
const SAVER_DEF = { filenameTensor: 1, restoreOp: 3 } as const;
const COLLECTION = { nodes: 1 } as const;
const NODE_LIST = { value: 1 } as const;
const SIGNATURE_DEF = { inputs: 1, outputs: 2 } as const;
const TENSOR_INFO = { name: 1, elementType: 2, shape: 3 } as const;
const SHAPE = { dim: 2, unknownRank: 3 } as const;
const DIM = { size: 1 } as const;
const ASSET = { filename: 2 } as const;

/** Attributes are many and not kept, so that more messages than in ONNX are harmless. */
const MAX_MESSAGES = 1_000_000;
/** Attributes that every operator defines as types, shapes and tensors: no function is called by them. */
const SKIPPED_ATTRIBUTES: ReadonlySet<string> = new Set(
  'T Tidx Tin Tout dtype dtypes shape value _output_shapes container shared_name'.split(' '),
);
/** Attributes whose text is looked into. */
const KEPT_ATTRIBUTES: ReadonlySet<string> = new Set(['output_stream', 'filename']);

/** Reads the structure of a `saved_model.pb`. Throws `unprocessable` when it is not a whole one. */
export async function scanSavedModel(file: ModelFile): Promise<MetaGraph[]> {
  const graphs: MetaGraph[] = [];
  const root: MessageScan = {
    delimited: (field) => (field === SAVED_MODEL.metaGraphs ? metaGraphScan(graphs) : undefined),
  };
  await scanWire(file, root, MAX_MESSAGES);
  return graphs;
}

function metaGraphScan(graphs: MetaGraph[]): MessageScan {
  const meta: MetaGraph = {
    tags: [],
    nodes: [],
    functions: [],
    signatures: [],
    restoreOp: '',
    filenameTensor: '',
    assetFiles: [],
    collected: [],
  };
  graphs.push(meta);
  const scans: Readonly<Record<number, () => MessageScan>> = {
    [META_GRAPH.info]: () => textScan(META_INFO.tags, (tag) => meta.tags.push(tag)),
    [META_GRAPH.graph]: () => graphScan(meta),
    [META_GRAPH.saver]: () => saverScan(meta),
    [META_GRAPH.collection]: () => collectionScan(meta),
    [META_GRAPH.signature]: () => signatureEntryScan(meta.signatures),
    [META_GRAPH.assets]: () => textScan(ASSET.filename, (name) => meta.assetFiles.push(name)),
  };
  return { delimited: (field) => scans[field]?.() };
}

function graphScan(meta: MetaGraph): MessageScan {
  const library: MessageScan = {
    delimited: (field) => (field === LIBRARY.function ? functionScan(meta.functions) : undefined),
  };
  return {
    delimited: (field) => {
      if (field === GRAPH_DEF.node) return nodeScan(meta.nodes);
      return field === GRAPH_DEF.library ? library : undefined;
    },
  };
}

function functionScan(functions: TfFunction[]): MessageScan {
  const fn: TfFunction = { name: '', nodes: [] };
  functions.push(fn);
  return {
    delimited: (field) => {
      if (field === FUNCTION_DEF.node) return nodeScan(fn.nodes);
      if (field !== FUNCTION_DEF.signature) return undefined;
      return textScan(OP_DEF.name, (name) => {
        fn.name = name;
      });
    },
  };
}

function nodeScan(nodes: TfNode[]): MessageScan {
  const node: TfNode = { name: '', op: '', inputs: [], calls: [], texts: new Map() };
  nodes.push(node);
  return {
    delimited: (field) => {
      if (field === NODE_DEF.attribute) return attributeScan(node);
      const isKept = field === NODE_DEF.name || field === NODE_DEF.op || field === NODE_DEF.input;
      return isKept ? 'bytes' : undefined;
    },
    bytes: (field, value) => {
      if (field === NODE_DEF.name) node.name = toText(value);
      else if (field === NODE_DEF.op) node.op = toText(value);
      else node.inputs.push(toText(value));
    },
  };
}

function attributeScan(node: TfNode): MessageScan {
  let key = '';
  const call = () => textScan(NAME_LIST.name, (name) => node.calls.push(name));
  const list: MessageScan = { delimited: (field) => (field === LIST_VALUE.function ? call() : undefined) };
  const value: MessageScan = {
    delimited: (field) => {
      if (field === ATTRIBUTE_VALUE.function) return call();
      if (field === ATTRIBUTE_VALUE.list) return list;
      return field === ATTRIBUTE_VALUE.text && KEPT_ATTRIBUTES.has(key) ? 'bytes' : undefined;
    },
    bytes: (_, bytes) => void node.texts.set(key, toText(bytes)),
  };
  return entryScan(
    () => (SKIPPED_ATTRIBUTES.has(key) ? undefined : value),
    (text) => {
      key = text;
    },
  );
}

function saverScan(meta: MetaGraph): MessageScan {
  return {
    delimited: (field) =>
      field === SAVER_DEF.restoreOp || field === SAVER_DEF.filenameTensor ? 'bytes' : undefined,
    bytes: (field, value) => {
      if (field === SAVER_DEF.restoreOp) meta.restoreOp = toText(value);
      else meta.filenameTensor = toText(value);
    },
  };
}

/** A collection that lists nodes by name; others hold data of their makers. */
function collectionScan(meta: MetaGraph): MessageScan {
  const nodes = () => textScan(NODE_LIST.value, (name) => meta.collected.push(name));
  const value: MessageScan = { delimited: (field) => (field === COLLECTION.nodes ? nodes() : undefined) };
  return entryScan(() => value);
}

function signatureEntryScan(signatures: TfSignature[]): MessageScan {
  const signature: TfSignature = { key: '', inputs: [], outputs: [] };
  signatures.push(signature);
  const value: MessageScan = {
    delimited: (field) => {
      if (field === SIGNATURE_DEF.inputs) return tensorEntryScan(signature.inputs);
      return field === SIGNATURE_DEF.outputs ? tensorEntryScan(signature.outputs) : undefined;
    },
  };
  return entryScan(
    () => value,
    (key) => {
      signature.key = key;
    },
  );
}

function tensorEntryScan(tensors: TfTensor[]): MessageScan {
  const tensor: TfTensor = { key: '', name: '', elementType: 0, shape: undefined };
  tensors.push(tensor);
  return entryScan(
    () => tensorScan(tensor),
    (key) => {
      tensor.key = key;
    },
  );
}

function tensorScan(tensor: TfTensor): MessageScan {
  return {
    varint: (field, low) => {
      if (field === TENSOR_INFO.elementType) tensor.elementType = low;
    },
    delimited: (field) => {
      if (field === TENSOR_INFO.name) return 'bytes';
      if (field !== TENSOR_INFO.shape) return undefined;
      tensor.shape = [];
      return shapeScan(tensor);
    },
    bytes: (_, value) => {
      tensor.name = toText(value);
    },
  };
}

function shapeScan(tensor: TfTensor): MessageScan {
  return {
    varint: (field, low) => {
      if (field === SHAPE.unknownRank && low !== 0) tensor.shape = undefined;
    },
    delimited: (field) => {
      if (field !== SHAPE.dim) return undefined;
      let size = 0n;
      return {
        varint: (inner, low, high) => {
          if (inner === DIM.size) size = toInt64(low, high);
        },
        end: () => void tensor.shape?.push(size < 0n ? -1n : size),
      };
    },
  };
}

/** An entry of a map whose value is a message; the key is written first. */
function entryScan(value: () => MessageScan | undefined, onKey?: (key: string) => void): MessageScan {
  return {
    delimited: (field) => {
      if (field === MAP_ENTRY.key) return 'bytes';
      return field === MAP_ENTRY.value ? value() : undefined;
    },
    bytes: (_, bytes) => onKey?.(toText(bytes)),
  };
}

function textScan(wanted: number, take: (text: string) => unknown): MessageScan {
  return {
    delimited: (field) => (field === wanted ? 'bytes' : undefined),
    bytes: (_, value) => void take(toText(value)),
  };
}
