import { oip } from '@aimass/contracts';
import type { Answer, Call } from '../load/call.js';
import type { Work } from './works.js';

/** A call, and how its answer reads as numbers. */
export interface InferenceCall extends Call {
  /** The values of the one output tensor. Throws on anything that is no such answer. */
  read(answer: Answer): ArrayLike<number>;
}

/** Headers by name, and the bytes of a body. */
type Headers = Readonly<Record<string, string>>;

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };
const LENGTH_HEADER = 'inference-header-content-length';
const GRPC_PREFIX_BYTES = 5;

/** The Open Inference Protocol's JSON in and out. */
export function jsonCall(url: string, work: Work, headers: Headers = {}): InferenceCall {
  const { inputName: name, shape, row } = work;
  const body = { inputs: [{ name, datatype: 'FP32', shape, data: [...row] }] };
  return {
    protocol: 'http',
    url: inferUrl(url, work),
    headers: { ...JSON_TYPE, ...headers },
    body: Buffer.from(JSON.stringify(body)),
    read: ({ body: answer }) => firstOutput(answer).data ?? [],
  };
}

/** The Open Inference Protocol's binary tensor extension in both directions. */
export function binaryCall(url: string, work: Work, headers: Headers = {}): InferenceCall {
  const { inputName: name, shape, row } = work;
  const tensor = { name, datatype: 'FP32', shape, parameters: { binary_data_size: row.byteLength } };
  const json = Buffer.from(JSON.stringify({ parameters: { binary_data_output: true }, inputs: [tensor] }));
  return {
    protocol: 'http',
    url: inferUrl(url, work),
    headers: { ...BYTES_TYPE, [LENGTH_HEADER]: String(json.length), ...headers },
    body: Buffer.concat([json, bytesOf(row)]),
    read: ({ headers: answered, body }) => floatsOf(body.subarray(Number(answered[LENGTH_HEADER]))),
  };
}

/** The tensor's bytes and nothing else, as a handler without a protocol takes them. */
export function rawCall(url: string, work: Work): InferenceCall {
  return {
    protocol: 'http',
    url: inferUrl(url, work),
    headers: BYTES_TYPE,
    body: bytesOf(work.row),
    read: ({ body }) => floatsOf(body),
  };
}

/** MLflow's scoring protocol. */
export function mlflowCall(url: string, { inputName, row }: Work): InferenceCall {
  return {
    protocol: 'http',
    url: `${url}/invocations`,
    headers: JSON_TYPE,
    body: Buffer.from(JSON.stringify({ inputs: { [inputName]: [[...row]] } })),
    read: ({ body }) => {
      const { predictions } = JSON.parse(body.toString()) as { predictions: Record<string, number[][]> };
      return Object.values(predictions).flat(2);
    },
  };
}

/** The Open Inference Protocol's ModelInfer with raw contents. */
export function grpcCall(url: string, work: Work, headers: Headers = {}): InferenceCall {
  const { name, inputName, shape, row } = work;
  const message = oip.ModelInferRequest.encode(
    oip.ModelInferRequest.fromPartial({
      modelName: name,
      inputs: [{ name: inputName, datatype: 'FP32', shape: shape.map(String) }],
      rawInputContents: [bytesOf(row)],
    }),
  ).finish();
  return {
    protocol: 'grpc',
    url: `${url}/inference.GRPCInferenceService/ModelInfer`,
    headers,
    body: frame(message),
    read: ({ body }) => readGrpc(body.subarray(GRPC_PREFIX_BYTES)),
  };
}

function inferUrl(url: string, { name }: Work): string {
  return `${url}/v2/models/${name}/infer`;
}

function firstOutput(body: Buffer): { data?: number[] } {
  const answer = JSON.parse(body.toString()) as { outputs?: { data?: number[] }[] };
  const [output] = answer.outputs ?? [];
  if (!output) throw new Error(`There is no output in ${body.toString().slice(0, 200)}.`);
  return output;
}

/** Peers answer in either form: raw bytes, or typed values. */
function readGrpc(message: Buffer): ArrayLike<number> {
  const { rawOutputContents, outputs } = oip.ModelInferResponse.decode(message);
  const [raw] = rawOutputContents;
  return raw ? floatsOf(raw) : (outputs[0]?.contents?.fp32Contents ?? []);
}

/** gRPC's length-prefixed message: not compressed, four bytes of length, the message. */
function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(GRPC_PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, GRPC_PREFIX_BYTES);
  return framed;
}

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** A copy, because the bytes may not lie at a multiple of four. */
function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new Error(`${bytes.length} bytes are no FP32 values.`);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
