import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ModelFiles } from '../src/engines/engine.js';

/** TensorFlow's numbers of its types. */
const TYPES = { float32: 1, int32: 3, uint8: 4, string: 7, int64: 9, bool: 10 } as const;
export type SavedModelType = keyof typeof TYPES;

type Attribute = (writer: BinaryWriter) => void;

/** y = slope · x + intercept, as TensorFlow writes a SavedModel without variables. */
export function lineSavedModel(slope: number, intercept: number): ModelFiles {
  return savedModel('float32', 1, ['features', 'prediction'], (graph) => {
    node(graph, 'slope', ['Const'], { dtype: type('float32'), value: scalar(slope) });
    node(graph, 'intercept', ['Const'], { dtype: type('float32'), value: scalar(intercept) });
    node(graph, 'product', ['Mul', 'in', 'slope'], { T: type('float32') });
    node(graph, 'sum', ['AddV2', 'product', 'intercept'], { T: type('float32') });
    // Values of another rank make the run fail instead of being broadcast.
    node(graph, 'out', ['EnsureShape', 'sum'], { T: type('float32'), shape: rowsOf(1) });
  });
}

/** Gives back its input `x`, rows of three, as `y`. */
export function identitySavedModel(dtype: SavedModelType): ModelFiles {
  return savedModel(dtype, 3, ['x', 'y'], (graph) =>
    node(graph, 'out', ['Identity', 'in'], { T: type(dtype) }),
  );
}

function savedModel(
  dtype: SavedModelType,
  width: number,
  [input, output]: readonly [string, string],
  nodes: (graph: BinaryWriter) => void,
): ModelFiles {
  const info =
    (name: string) =>
    (writer: BinaryWriter): void => {
      text(writer, 1, `${name}:0`);
      writer.tag(2, WireType.Varint).int32(TYPES[dtype]);
      message(writer, 3, rowShape(width));
    };
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(1);
  message(writer, 2, (metaGraph) => {
    message(metaGraph, 1, (about) => text(about, 4, 'serve'));
    message(metaGraph, 2, (graph) => {
      const placeholder = { dtype: type(dtype), shape: rowsOf(width) };
      node(graph, 'in', ['Placeholder'], placeholder);
      nodes(graph);
      message(graph, 4, (versions) => versions.tag(1, WireType.Varint).int32(1000));
    });
    entry(metaGraph, 5, 'serving_default', (signature) => {
      entry(signature, 1, input, info('in'));
      entry(signature, 2, output, info('out'));
      text(signature, 3, 'tensorflow/serving/predict');
    });
  });
  return new Map([['saved_model.pb', Buffer.from(writer.finish())]]);
}

function node(
  graph: BinaryWriter,
  name: string,
  [op, ...inputs]: readonly [string, ...string[]],
  attributes: Readonly<Record<string, Attribute>>,
): void {
  message(graph, 1, (writer) => {
    text(writer, 1, name);
    text(writer, 2, op);
    for (const input of inputs) text(writer, 3, input);
    for (const [key, value] of Object.entries(attributes)) entry(writer, 5, key, value);
  });
}

function rowsOf(width: number): Attribute {
  return (writer) => message(writer, 7, rowShape(width));
}

function rowShape(width: number): (writer: BinaryWriter) => void {
  return (writer) => {
    for (const size of [-1, width]) message(writer, 2, (dim) => dim.tag(1, WireType.Varint).int64(size));
  };
}

function type(dtype: SavedModelType): Attribute {
  return (writer) => writer.tag(6, WireType.Varint).int32(TYPES[dtype]);
}

function scalar(value: number): Attribute {
  return (writer) =>
    message(writer, 8, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(TYPES.float32);
      message(tensor, 2, () => undefined);
      tensor.tag(5, WireType.Bit32).float(value);
    });
}

/** An entry of a map from text to messages. */
function entry(writer: BinaryWriter, field: number, key: string, value: Attribute): void {
  message(writer, field, () => {
    text(writer, 1, key);
    message(writer, 2, value);
  });
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}
