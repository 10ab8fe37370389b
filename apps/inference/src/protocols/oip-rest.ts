import type { Datatype } from '../tensors/datatype.js';
import type { Signature } from '../tensors/signature.js';
import type { InputTensor, Tensor } from '../tensors/tensor.js';
import type { EncodedBody, ProtocolCodec } from './codec.js';
import { outlineRequest } from './json-outline.js';
import type { OutlineLimits } from './json-outline.js';
import { OipRestAnswers } from './oip-rest-answers.js';
import { InputReader, rawShape, readRaw } from './oip-rest-inputs.js';
import type { OipRestRequest } from './oip-rest-request.js';
import { requestInvalid } from './protocols.errors.js';
import { isObject, quoted } from './quoted.js';
import { NO_URGENCY, readUrgency, refuseParameters } from './request-parameters.js';
import { SignatureIndex } from './signature-index.js';
import { isPlain, parseSmall, SMALL_READER } from './small-request.js';

/** JSON besides the elements: so much for the request, so much for each tensor of the signature. */
const BASE_BYTES = 64 * 1024;
const TENSOR_BYTES = 1024;
/** Datatypes whose elements may be written as text. */
const TEXT_DATATYPES: ReadonlySet<Datatype> = new Set(['BYTES', 'INT64', 'UINT64']);

type Reader = Pick<InputReader, 'read' | 'end'>;

/**
 * Open Inference Protocol v2, REST: one body to validated tensors and result tensors to one body, for one model version;
 * with the binary tensor extension, where raw bytes follow the JSON.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export class OipRestCodec implements ProtocolCodec<OipRestRequest> {
  private readonly index: SignatureIndex;
  private readonly answers: OipRestAnswers;
  private readonly limits: OutlineLimits;
  private readonly isPlain: boolean;

  constructor(signature: Signature, version: string) {
    this.index = new SignatureIndex(signature);
    this.answers = new OipRestAnswers(this.index, version);
    this.isPlain = isPlain(signature);
    this.limits = {
      maxBytes: BASE_BYTES + TENSOR_BYTES * (signature.inputs.length + signature.outputs.length),
      mayHoldText: signature.inputs.some(({ datatype }) => TEXT_DATATYPES.has(datatype)),
    };
  }

  /** Parses and validates a body. Throws `invalid` saying what to change. */
  parse({ body, jsonLength }: EncodedBody): OipRestRequest {
    if (jsonLength === 0) return this.parseRaw(body);
    if (jsonLength !== undefined && jsonLength > body.length) {
      throw requestInvalid(
        `Inference-Header-Content-Length says ${jsonLength} bytes, the body has ${body.length}.`,
      );
    }
    return (jsonLength === undefined && this.parseSmall(body)) || this.parseCarefully(body, jsonLength);
  }

  /** See ProtocolCodec. */
  encode(
    request: OipRestRequest,
    modelName: string,
    tensors: readonly Tensor[],
    firstRow: number,
  ): EncodedBody {
    return this.answers.encode(request, modelName, tensors, firstRow);
  }

  /** What is wrong with a request is told by the careful way. */
  private parseSmall(body: Buffer): OipRestRequest | undefined {
    const request = this.isPlain ? parseSmall(body, this.index) : undefined;
    if (request === undefined) return undefined;
    try {
      return this.readRequest(request, SMALL_READER);
    } catch {
      return undefined;
    }
  }

  private parseCarefully(body: Buffer, jsonLength: number | undefined): OipRestRequest {
    const json = jsonLength === undefined ? body : body.subarray(0, jsonLength);
    const outline = outlineRequest(json, this.limits);
    if (!isObject(outline.value)) throw requestInvalid('The body must be a JSON object with "inputs".');
    return this.readRequest(outline.value, new InputReader(body, jsonLength, outline));
  }

  private readRequest(request: Readonly<Record<string, unknown>>, reader: Reader): OipRestRequest {
    const id = readId(request['id']);
    const inputs = this.parseInputs(request['inputs'], reader);
    const parameters = isObject(request['parameters']) ? request['parameters'] : undefined;
    return {
      id,
      inputs,
      rows: this.index.countRows(inputs),
      ...this.parseOutputs(request['outputs'], parameters?.['binary_data_output'] === true),
      ...(parameters ? readUrgency(parameters['priority'], parameters['timeout']) : NO_URGENCY),
    };
  }

  private parseInputs(raw: unknown, reader: Reader): readonly InputTensor[] {
    const { index } = this;
    if (!Array.isArray(raw)) {
      throw requestInvalid(`"inputs" must be an array with ${index.inputNames()}.`);
    }
    const inputs = new Array<InputTensor | undefined>(index.inputs.length);
    for (const each of raw as unknown[]) {
      if (!isObject(each)) {
        throw requestInvalid('Each of "inputs" must be an object with name, datatype, shape and data.');
      }
      const position = index.inputAt(each['name'], inputs);
      const spec = index.inputs[position];
      if (spec) inputs[position] = reader.read(each, spec);
    }
    reader.end();
    return index.complete(inputs);
  }

  private parseOutputs(raw: unknown, isBinary: boolean): Pick<OipRestRequest, 'outputs' | 'binary'> {
    const all = { outputs: this.index.allOutputs, binary: this.binaryOf(isBinary) };
    if (raw === undefined || raw === null) return all;
    if (!Array.isArray(raw)) {
      throw requestInvalid('"outputs" must be an array of objects with a name, or absent for all.');
    }
    if (raw.length === 0) return all;
    const outputs: number[] = [];
    const binary: boolean[] = [];
    for (const each of raw as unknown[]) {
      const wanted = isObject(each) ? each : {};
      outputs.push(this.index.outputAt(wanted['name'], outputs));
      const parameters = isObject(wanted['parameters']) ? wanted['parameters'] : {};
      refuseParameters(`Output ${quoted(wanted['name'])}`, parameters);
      const flag = parameters['binary_data'];
      binary.push(typeof flag === 'boolean' ? flag : isBinary);
    }
    return { outputs, binary: binary.includes(true) ? binary : undefined };
  }

  private binaryOf(isBinary: boolean): readonly boolean[] | undefined {
    return isBinary ? this.index.allOutputs.map(() => true) : undefined;
  }

  /** The body is the bytes of the only input; its batch is 1 and everything comes back as raw bytes. */
  private parseRaw(body: Buffer): OipRestRequest {
    const [spec, second] = this.index.inputs;
    if (spec === undefined || second !== undefined) {
      throw requestInvalid(
        `A body without JSON (Inference-Header-Content-Length: 0) is for models with one input; this one takes ${this.index.inputNames()}.`,
      );
    }
    const shape = rawShape(spec, body.length, this.index.hasRows);
    return {
      id: undefined,
      inputs: [{ shape, values: readRaw(body, shape, spec) }],
      rows: 1,
      outputs: this.index.allOutputs,
      binary: this.binaryOf(true),
      ...NO_URGENCY,
    };
  }
}

function readId(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id !== 'string') throw requestInvalid('"id" must be a string.');
  return id;
}
