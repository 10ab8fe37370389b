import { isJsonObject } from './lossless-json.js';
import type { JsonObject, JsonValue } from './lossless-json.js';
import { flat, textOf, valuesOf } from './tensor-values.js';

/** An answer, however it came, with its tensors decoded. */
export interface Answer {
  /** HTTP status, or the name of the gRPC status. */
  readonly status: number | string;
  /** The JSON object or the message; `{error}` of a failed call. Every output tensor has `values`. */
  readonly body?: JsonValue;
  /** A stream's messages. */
  readonly messages?: readonly JsonValue[];
  readonly isEmpty: boolean;
  /** What is tolerated but not as the protocol says. */
  readonly flags: readonly string[];
}

/** How a server is reached. */
export interface Connection {
  /** Sent with every request and call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Lists of typed contents, by datatype. */
const CONTENTS: Readonly<Record<string, string>> = {
  BOOL: 'bool_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

/** Gives every output of a REST answer its `values`, and its bytes as `hex` when they came behind the JSON. */
export function withRestValues(json: JsonValue, tail: Buffer): JsonValue {
  if (!isJsonObject(json) || !Array.isArray(json['outputs'])) return json;
  let at = 0;
  const outputs = json['outputs'].filter(isJsonObject).map((output): JsonObject => {
    const parameters = output['parameters'];
    const size = isJsonObject(parameters) ? parameters['binary_data_size'] : undefined;
    if (size === undefined) {
      return { ...output, values: Array.isArray(output['data']) ? flat(output['data']) : undefined };
    }
    const bytes = tail.subarray(at, at + Number(size));
    at += Number(size);
    return withBytes(output, bytes);
  });
  if (at !== tail.length) throw new Error(`outputs claim ${at} bytes behind the JSON, ${tail.length} came`);
  return { ...json, outputs };
}

/** Gives every output of a `ModelInferResponse` its `values`, from raw or typed contents; `hex` when they are raw. */
export function withGrpcValues(message: JsonObject): JsonObject {
  const { outputs, raw_output_contents: raw } = message;
  if (!Array.isArray(outputs)) return message;
  return {
    ...message,
    outputs: outputs.filter(isJsonObject).map((output, index): JsonObject => {
      const plain = withShape(output);
      const bytes = asList(raw)[index];
      if (typeof bytes === 'string') return withBytes(plain, Buffer.from(bytes, 'base64'));
      return { ...plain, values: typedValues(output) };
    }),
  };
}

/** Gives the tensors of a `ModelMetadataResponse` shapes of numbers, where protobuf has text. */
export function withGrpcShapes(message: JsonObject): JsonObject {
  const shaped = (list: JsonValue | undefined) => asList(list).filter(isJsonObject).map(withShape);
  return { ...message, inputs: shaped(message['inputs']), outputs: shaped(message['outputs']) };
}

/** Places of nulls in an answer. */
export function nullsIn(value: JsonValue | undefined, path = ''): string[] {
  if (value === null) return [`${path} is null`];
  if (Array.isArray(value)) return value.flatMap((item, index) => nullsIn(item, `${path}[${index}]`));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    nullsIn(item, path === '' ? name : `${path}.${name}`),
  );
}

function withShape(tensor: JsonObject): JsonObject {
  return { ...tensor, shape: asList(tensor['shape']).map(Number) };
}

function withBytes(output: JsonObject, bytes: Buffer): JsonObject {
  return {
    ...output,
    values: valuesOf(textOrNothing(output['datatype']), bytes),
    hex: bytes.toString('hex'),
  };
}

function typedValues(output: JsonObject): JsonValue[] {
  const datatype = textOrNothing(output['datatype']);
  const contents = output['contents'];
  const list = isJsonObject(contents) ? asList(contents[CONTENTS[datatype] ?? '']) : [];
  if (datatype === 'BYTES') return list.map((item) => textOf(Buffer.from(textOrNothing(item), 'base64')));
  return datatype.endsWith('INT64') ? list.map((item) => BigInt(textOrNothing(item))) : list;
}

function asList(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function textOrNothing(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
