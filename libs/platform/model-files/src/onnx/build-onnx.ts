import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { elementTypeNumber } from './onnx-datatypes.js';
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DIMENSION,
  ENTRY,
  FUNCTION,
  GRAPH,
  MODEL,
  NODE,
  OPSET,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from './onnx-fields.js';
import { rawBytes } from './raw-values.js';
import type { TensorValues } from './raw-values.js';

/** The name, the Open Inference Protocol datatype and the shape of a value. */
export interface OnnxValue {
  readonly name: string;
  /** `FP32`, `INT64`, `BYTES`, `FP16`, `BF16`, `BOOL`, … */
  readonly datatype: string;
  /** -1 is variable; text is a variable dimension by name, and equal names are equal sizes. */
  readonly shape: readonly (number | bigint | string)[];
}

/** Where the bytes of an initializer lie when they are not in the model: ONNX's `external_data` entries. */
export interface OnnxExternalData {
  readonly location: string;
  readonly offset?: number | bigint;
  readonly length?: number | bigint;
}

/** A constant tensor: `data` holds values, raw little-endian bytes, or text (BYTES); or it lies outside the model. */
export interface OnnxTensor extends OnnxValue {
  readonly data?: TensorValues | readonly string[];
  readonly externalData?: OnnxExternalData;
}

/** One attribute of a node, by its kind. */
export type OnnxAttribute =
  | { readonly int: number | bigint }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph };

/** One operator; an empty name among `inputs` is an optional input that is left out. */
export interface OnnxNode {
  readonly op: string;
  /** Empty or absent: ONNX's own operators. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** Operators between inputs and outputs; nodes must be in an order in which they can run. */
export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers?: readonly OnnxTensor[];
}

/** A function of the model's own, called like an operator of its domain. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
}

/** A whole model. */
export interface OnnxModel extends OnnxGraph {
  /** Version of ONNX's own operators; 17 when absent. */
  readonly opset?: number;
  /** Further operator sets by domain; those of nodes and functions are added at version 1 when absent. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: readonly OnnxFunction[];
  readonly producer?: string;
}

const IR_VERSION = 8;
const DEFAULT_OPSET = 17;
const EXTERNAL = 1;

/**
 * Writes an ONNX model (IR version 8). Nothing is checked but datatypes: what the model means is the caller's, so that
 * tests can also build what must be refused. Throws RangeError for a datatype ONNX has no type for.
 */
export function buildOnnxModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(MODEL.irVersion, WireType.Varint).int64(IR_VERSION);
  text(writer, MODEL.producerName, model.producer ?? 'aimass');
  message(writer, MODEL.graph, () => writeGraph(writer, model));
  for (const [domain, version] of Object.entries(operatorSets(model))) {
    message(writer, MODEL.opsetImport, () => writeOperatorSet(writer, domain, version));
  }
  for (const fn of model.functions ?? []) message(writer, MODEL.functions, () => writeFunction(writer, fn));
  return writer.finish();
}

function operatorSets(model: OnnxModel): Record<string, number> {
  const nodes = [...model.nodes, ...(model.functions ?? []).flatMap((fn) => fn.nodes)];
  const used = [...nodes, ...(model.functions ?? [])].map((item) => item.domain ?? '');
  return {
    ...Object.fromEntries(used.map((domain) => [domain, 1])),
    ...model.domains,
    '': model.opset ?? DEFAULT_OPSET,
  };
}

function writeOperatorSet(writer: BinaryWriter, domain: string, version: number): void {
  text(writer, OPSET.domain, domain);
  writer.tag(OPSET.version, WireType.Varint).int64(version);
}

function writeFunction(writer: BinaryWriter, fn: OnnxFunction): void {
  text(writer, FUNCTION.name, fn.name);
  for (const name of fn.inputs) text(writer, FUNCTION.input, name);
  for (const name of fn.outputs) text(writer, FUNCTION.output, name);
  for (const node of fn.nodes) message(writer, FUNCTION.node, () => writeNode(writer, node));
  message(writer, FUNCTION.opsetImport, () => writeOperatorSet(writer, '', DEFAULT_OPSET));
  text(writer, FUNCTION.domain, fn.domain);
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, GRAPH.node, () => writeNode(writer, node));
  text(writer, GRAPH.name, 'graph');
  for (const tensor of graph.initializers ?? []) {
    message(writer, GRAPH.initializer, () => writeTensor(writer, tensor));
  }
  for (const value of graph.inputs) message(writer, GRAPH.input, () => writeValue(writer, value));
  for (const value of graph.outputs) message(writer, GRAPH.output, () => writeValue(writer, value));
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const name of node.inputs) text(writer, NODE.input, name);
  for (const name of node.outputs) text(writer, NODE.output, name);
  text(writer, NODE.opType, node.op);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    message(writer, NODE.attribute, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain !== undefined) text(writer, NODE.domain, node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: OnnxAttribute): void {
  text(writer, ATTRIBUTE.name, name);
  const kind = writeAttributeValue(writer, attribute);
  writer.tag(ATTRIBUTE.type, WireType.Varint).int32(ATTRIBUTE_TYPE[kind]);
}

function writeAttributeValue(writer: BinaryWriter, attribute: OnnxAttribute): keyof typeof ATTRIBUTE_TYPE {
  if ('int' in attribute) {
    writer.tag(ATTRIBUTE.i, WireType.Varint).int64(attribute.int);
    return 'int';
  }
  if ('float' in attribute) {
    writer.tag(ATTRIBUTE.f, WireType.Bit32).float(attribute.float);
    return 'float';
  }
  if ('string' in attribute) {
    text(writer, ATTRIBUTE.s, attribute.string);
    return 'string';
  }
  if ('tensor' in attribute) {
    message(writer, ATTRIBUTE.t, () => writeTensor(writer, attribute.tensor));
    return 'tensor';
  }
  if ('graph' in attribute) {
    message(writer, ATTRIBUTE.g, () => writeGraph(writer, attribute.graph));
    return 'graph';
  }
  return writeAttributeList(writer, attribute);
}

function writeAttributeList(
  writer: BinaryWriter,
  attribute: Extract<OnnxAttribute, { ints: unknown } | { floats: unknown } | { strings: unknown }>,
): keyof typeof ATTRIBUTE_TYPE {
  if ('ints' in attribute) {
    for (const value of attribute.ints) writer.tag(ATTRIBUTE.ints, WireType.Varint).int64(value);
    return 'ints';
  }
  if ('floats' in attribute) {
    for (const value of attribute.floats) writer.tag(ATTRIBUTE.floats, WireType.Bit32).float(value);
    return 'floats';
  }
  for (const value of attribute.strings) text(writer, ATTRIBUTE.strings, value);
  return 'strings';
}

function writeTensor(writer: BinaryWriter, tensor: OnnxTensor): void {
  for (const dim of tensor.shape) {
    if (typeof dim === 'string') throw new RangeError(`"${tensor.name}" is constant: its sizes are numbers.`);
    writer.tag(TENSOR.dims, WireType.Varint).int64(dim);
  }
  writer.tag(TENSOR.dataType, WireType.Varint).int32(elementTypeNumber(tensor.datatype));
  text(writer, TENSOR.name, tensor.name);
  if (tensor.externalData !== undefined) writeExternalData(writer, tensor.externalData);
  if (tensor.data !== undefined) writeTensorData(writer, tensor.datatype, tensor.data);
}

function writeTensorData(
  writer: BinaryWriter,
  datatype: string,
  data: TensorValues | readonly string[],
): void {
  if (isText(data)) for (const value of data) text(writer, TENSOR.stringData, value);
  else writer.tag(TENSOR.rawData, WireType.LengthDelimited).bytes(rawBytes(datatype, data));
}

function isText(data: TensorValues | readonly string[]): data is readonly string[] {
  return !(data instanceof Uint8Array) && typeof data[0] === 'string';
}

function writeExternalData(writer: BinaryWriter, external: OnnxExternalData): void {
  for (const key of ['location', 'offset', 'length'] as const) {
    const value = external[key];
    if (value === undefined) continue;
    message(writer, TENSOR.externalData, () => {
      text(writer, ENTRY.key, key);
      text(writer, ENTRY.value, String(value));
    });
  }
  writer.tag(TENSOR.dataLocation, WireType.Varint).int32(EXTERNAL);
}

function writeValue(writer: BinaryWriter, value: OnnxValue): void {
  text(writer, VALUE_INFO.name, value.name);
  message(writer, VALUE_INFO.type, () => {
    message(writer, TYPE.tensor, () => {
      writer.tag(TENSOR_TYPE.elemType, WireType.Varint).int32(elementTypeNumber(value.datatype));
      message(writer, TENSOR_TYPE.shape, () => {
        value.shape.forEach((dim, index) => {
          message(writer, SHAPE.dim, () => writeDimension(writer, dim, `${value.name}_${index}`));
        });
      });
    });
  });
}

function writeDimension(writer: BinaryWriter, dim: number | bigint | string, name: string): void {
  if (typeof dim === 'string' || Number(dim) === -1) {
    text(writer, DIMENSION.param, typeof dim === 'string' ? dim : name);
  } else writer.tag(DIMENSION.value, WireType.Varint).int64(dim);
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}
