import type { ModelFile } from '../model-file.js';
import { malformed } from '../model-files.errors.js';
import { scanWire, toInt64, toText, unpackInt64 } from '../wire/wire-scan.js';
import type { MessageScan } from '../wire/wire-scan.js';
import { ATTRIBUTE, FUNCTION, GRAPH, MODEL, NODE, OPSET } from './onnx-fields.js';
import { sparseTensorScan, tensorScan, valueScan } from './scan-tensor.js';
import { MAX_KEPT_VALUES, newAttribute, newGraph, newNode, newTensor } from './scanned-onnx.js';
import type {
  ScannedAttribute,
  ScannedFunction,
  ScannedGraph,
  ScannedModel,
  ScannedNode,
  ScannedTensor,
  ScannedValue,
} from './scanned-onnx.js';

/** Reads the structure of an ONNX model. Throws `unprocessable` when it is not a whole one. */
export async function scanOnnx(file: ModelFile): Promise<ScannedModel> {
  const model: ScannedModel = {
    irVersion: 0,
    graph: undefined,
    opsets: new Map(),
    functions: [],
    tensors: [],
    sparseTensors: [],
  };
  await scanWire(file, modelScan(file.path, model));
  return model;
}

function modelScan(path: string, model: ScannedModel): MessageScan {
  return {
    varint: (field, low) => {
      if (field === MODEL.irVersion) model.irVersion = low;
    },
    delimited: (field) => {
      if (field === MODEL.opsetImport) return opsetScan(model.opsets);
      if (field === MODEL.functions) return functionScan(path, model);
      if (field !== MODEL.graph) return undefined;
      // Protobuf merges two of one field, others take the last: no reader may see another graph than the one checked.
      if (model.graph !== undefined) throw malformed(path, 'it has two graphs');
      model.graph = newGraph();
      return graphScan(path, model, model.graph);
    },
  };
}

function opsetScan(opsets: Map<string, bigint>): MessageScan {
  let domain = '';
  let version = 0n;
  return {
    varint: (field, low, high) => {
      if (field === OPSET.version) version = toInt64(low, high);
    },
    delimited: (field) => (field === OPSET.domain ? 'bytes' : undefined),
    bytes: (_, value) => {
      domain = toText(value);
    },
    end: () => void opsets.set(domain, version),
  };
}

function functionScan(path: string, model: ScannedModel): MessageScan {
  const fn: ScannedFunction = { name: '', domain: '', nodes: [] };
  model.functions.push(fn);
  return {
    delimited: (field) => {
      if (field === FUNCTION.name || field === FUNCTION.domain) return 'bytes';
      return field === FUNCTION.node ? nodeScan(path, model, fn.nodes) : undefined;
    },
    bytes: (field, value) => {
      if (field === FUNCTION.name) fn.name = toText(value);
      else fn.domain = toText(value);
    },
  };
}

function graphScan(path: string, model: ScannedModel, graph: ScannedGraph): MessageScan {
  const value = (values: ScannedValue[]) => {
    const one: ScannedValue = { name: '', elementType: 0, shape: undefined };
    values.push(one);
    return valueScan(path, one);
  };
  return {
    delimited: (field) => {
      switch (field) {
        case GRAPH.node:
          return nodeScan(path, model, graph.nodes);
        case GRAPH.initializer:
          return tensorScan(model, added(graph.initializers));
        case GRAPH.sparseInitializer:
          graph.sparseInitializers.push({ dims: [], parts: [] });
          return sparseTensorScan(model, last(graph.sparseInitializers));
        case GRAPH.input:
          return value(graph.inputs);
        case GRAPH.output:
          return value(graph.outputs);
        default:
          return undefined;
      }
    },
  };
}

function nodeScan(path: string, model: ScannedModel, nodes: ScannedNode[]): MessageScan {
  const node = newNode();
  nodes.push(node);
  return {
    delimited: (field) => {
      if (field === NODE.attribute) {
        node.attributes.push(newAttribute());
        return attributeScan(path, model, last(node.attributes));
      }
      const isKept = [NODE.input, NODE.output, NODE.opType, NODE.domain].some((kept) => kept === field);
      return isKept ? 'bytes' : undefined;
    },
    bytes: (field, value) => {
      if (field === NODE.input) node.inputs.push(toText(value));
      else if (field === NODE.output) node.outputs.push(toText(value));
      else if (field === NODE.opType) node.op = toText(value);
      else node.domain = toText(value);
    },
  };
}

function attributeScan(path: string, model: ScannedModel, attribute: ScannedAttribute): MessageScan {
  const keep = (values: readonly bigint[]) => {
    if (attribute.ints.length + values.length <= MAX_KEPT_VALUES) attribute.ints.push(...values);
  };
  return {
    varint: (field, low, high) => {
      if (field === ATTRIBUTE.i || field === ATTRIBUTE.ints) keep([toInt64(low, high)]);
    },
    delimited: (field, length) => {
      switch (field) {
        case ATTRIBUTE.name:
          return 'bytes';
        case ATTRIBUTE.ints:
          return length <= MAX_KEPT_VALUES * 10 ? 'bytes' : undefined;
        case ATTRIBUTE.t:
        case ATTRIBUTE.tensors:
          return tensorScan(model, added(attribute.tensors));
        case ATTRIBUTE.g:
        case ATTRIBUTE.graphs:
          attribute.graphs.push(newGraph());
          return graphScan(path, model, last(attribute.graphs));
        case ATTRIBUTE.sparseTensor:
        case ATTRIBUTE.sparseTensors:
          return sparseTensorScan(model, { dims: [], parts: [] });
        default:
          return undefined;
      }
    },
    bytes: (field, value) => {
      if (field === ATTRIBUTE.name) attribute.name = toText(value);
      else keep(unpackInt64(value) ?? []);
    },
  };
}

function added(tensors: ScannedTensor[]): ScannedTensor {
  const tensor = newTensor();
  tensors.push(tensor);
  return tensor;
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new RangeError('There is no item.');
  return item;
}
