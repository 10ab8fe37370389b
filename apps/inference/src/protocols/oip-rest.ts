import { isUtf8 } from 'node:buffer';
import { isBatchable } from '../tensors/signature.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import type { InputTensor, Tensor } from '../tensors/tensor.js';
import type { EncodedBody, ParsedRequest, ProtocolCodec } from './codec.js';
import { isTooDeep } from './json-depth.js';
import { isObject, parseInput, quoted } from './oip-rest-tensor.js';
import { binaryNotSupported, outputNotFinite, requestInvalid } from './oip-rest.errors.js';

/** A valid inference request. */
export interface OipRestRequest extends ParsedRequest {
  /** Echoed when the caller gave one. */
  readonly id: string | undefined;
  /** Positions in the signature of the outputs asked for, in the caller's order. */
  readonly outputs: readonly number[];
}

/**
 * Open Inference Protocol v2, REST: one body to validated tensors and result tensors to one body, for one model
 * version. https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export class OipRestCodec implements ProtocolCodec<OipRestRequest> {
  private readonly inputIndex: ReadonlyMap<string, number>;
  private readonly outputIndex: ReadonlyMap<string, number>;
  private readonly allOutputs: readonly number[];
  private readonly hasRows: boolean;
  /** `{"name":"y","datatype":"FP32","shape":[` of every output. */
  private readonly outputHeads: readonly string[];
  private readonly versionJson: string;

  constructor(
    private readonly signature: Signature,
    version: string,
  ) {
    this.inputIndex = indexByName(signature.inputs);
    this.outputIndex = indexByName(signature.outputs);
    this.allOutputs = signature.outputs.map((_, index) => index);
    this.hasRows = isBatchable(signature);
    this.versionJson = JSON.stringify(version);
    this.outputHeads = signature.outputs.map(
      ({ name, datatype }) => `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[`,
    );
  }

  /** Parses and validates a body. Throws `invalid` saying what to change. */
  parse({ body, jsonLength }: EncodedBody): OipRestRequest {
    if (jsonLength !== undefined) throw binaryNotSupported();
    const request = parseObject(body);
    const { id } = request;
    if (id !== undefined && id !== null && typeof id !== 'string')
      throw requestInvalid('"id" must be a string.');
    refuseBinaryOutput(request['parameters'], 'binary_data_output');
    const inputs = this.parseInputs(request['inputs']);
    return {
      id: id ?? undefined,
      inputs,
      rows: this.hasRows ? this.countRows(inputs) : 1,
      outputs: this.parseOutputs(request['outputs']),
      priority: 0,
      timeoutMs: undefined,
    };
  }

  /**
   * The answer's body. With rows, `tensors` may hold those of other requests too: this one's start at `firstRow`.
   * Throws `internal` when a value cannot be written as JSON.
   */
  encode(
    request: OipRestRequest,
    modelName: string,
    tensors: readonly Tensor[],
    firstRow: number,
  ): EncodedBody {
    let json = `{"model_name":${JSON.stringify(modelName)},"model_version":${this.versionJson}`;
    if (request.id !== undefined) json += `,"id":${JSON.stringify(request.id)}`;
    json += ',"outputs":[';
    for (let i = 0; i < request.outputs.length; i++) {
      const position = request.outputs[i] ?? 0;
      const tensor = tensors[position];
      if (tensor === undefined) throw new Error(`The engine gave no output ${position}.`);
      if (i > 0) json += ',';
      json += this.encodeOutput(position, tensor, { firstRow, rows: request.rows });
    }
    return { body: Buffer.from(`${json}]}`), jsonLength: undefined };
  }

  private encodeOutput(position: number, tensor: Tensor, slice: { firstRow: number; rows: number }): string {
    const { shape, data } = tensor;
    let start = 0;
    let end = data.length;
    let shapeJson = shape.join(',');
    if (this.hasRows) {
      const stride = data.length / (shape[0] ?? 1);
      start = slice.firstRow * stride;
      end = start + slice.rows * stride;
      shapeJson = [slice.rows, ...shape.slice(1)].join(',');
    }
    const head = this.outputHeads[position] ?? '';
    const dataJson = encodeData(tensor, start, end);
    if (dataJson === undefined) throw outputNotFinite(this.signature.outputs[position]?.name ?? '');
    return `${head}${shapeJson}],"data":[${dataJson}]}`;
  }

  private parseInputs(raw: unknown): InputTensor[] {
    if (!Array.isArray(raw)) throw requestInvalid(`"inputs" must be an array with ${this.inputNames()}.`);
    const specs = this.signature.inputs;
    const inputs = new Array<InputTensor | undefined>(specs.length);
    for (const each of raw as unknown[]) {
      if (!isObject(each)) {
        throw requestInvalid('Each of "inputs" must be an object with name, datatype, shape and data.');
      }
      const index = this.inputAt(each['name']);
      const spec = specs[index];
      if (inputs[index] !== undefined) {
        throw requestInvalid(`Input ${quoted(each['name'])} is given twice: give it once.`);
      }
      if (spec) inputs[index] = parseInput(each, spec);
    }
    const missing = specs.find((_, index) => inputs[index] === undefined);
    if (missing) throw requestInvalid(`Input ${quoted(missing.name)} is missing.`);
    return inputs as InputTensor[];
  }

  private inputAt(name: unknown): number {
    const index = typeof name === 'string' ? this.inputIndex.get(name) : undefined;
    if (index !== undefined) return index;
    throw requestInvalid(`The model has no input ${quoted(name)}; it takes ${this.inputNames()}.`);
  }

  private parseOutputs(raw: unknown): readonly number[] {
    if (raw === undefined || raw === null) return this.allOutputs;
    if (!Array.isArray(raw)) {
      throw requestInvalid('"outputs" must be an array of objects with a name, or absent for all.');
    }
    const outputs: number[] = [];
    for (const each of raw as unknown[]) {
      const wanted = isObject(each) ? each : {};
      const index = this.outputAt(wanted['name']);
      if (outputs.includes(index)) {
        throw requestInvalid(`Output ${quoted(wanted['name'])} is asked for twice: ask once.`);
      }
      refuseBinaryOutput(wanted['parameters'], 'binary_data');
      outputs.push(index);
    }
    return outputs.length === 0 ? this.allOutputs : outputs;
  }

  private outputAt(name: unknown): number {
    const index = typeof name === 'string' ? this.outputIndex.get(name) : undefined;
    if (index !== undefined) return index;
    const names = this.signature.outputs.map((spec) => quoted(spec.name)).join(', ');
    throw requestInvalid(`The model has no output ${quoted(name)}; it gives ${names}.`);
  }

  private countRows(inputs: readonly InputTensor[]): number {
    const rows = inputs[0]?.shape[0] ?? 1;
    for (let i = 1; i < inputs.length; i++) {
      const other = inputs[i]?.shape[0];
      if (other === rows) continue;
      const [first, second] = [this.signature.inputs[0]?.name, this.signature.inputs[i]?.name];
      throw requestInvalid(
        `Input ${quoted(first)} has ${rows} rows and input ${quoted(second)} has ${other}: the first dimension of all inputs must be the same.`,
      );
    }
    return rows;
  }

  private inputNames(): string {
    return this.signature.inputs.map((spec) => quoted(spec.name)).join(', ');
  }
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  if (!isUtf8(body)) throw requestInvalid('The body is not UTF-8 text: send JSON encoded as UTF-8.');
  if (isTooDeep(body)) throw requestInvalid('The body is nested deeper than 64 levels: send flat "data".');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw requestInvalid(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (!isObject(value)) throw requestInvalid('The body must be a JSON object with "inputs".');
  return value;
}

function refuseBinaryOutput(parameters: unknown, flag: string): void {
  if (isObject(parameters) && Object.hasOwn(parameters, flag) && parameters[flag] === true)
    throw binaryNotSupported();
}

function indexByName(specs: readonly TensorSpec[]): ReadonlyMap<string, number> {
  return new Map(specs.map((spec, index) => [spec.name, index]));
}

/** Elements as JSON without the brackets; undefined when a number is not finite. */
function encodeData({ datatype, data }: Tensor, start: number, end: number): string | undefined {
  let json = '';
  for (let i = start; i < end; i++) {
    const value = data[i];
    if (i > start) json += ',';
    if (typeof value !== 'number') json += typeof value === 'string' ? JSON.stringify(value) : String(value);
    else if (!Number.isFinite(value)) return undefined;
    else json += datatype === 'BOOL' ? String(value !== 0) : String(value);
  }
  return json;
}
