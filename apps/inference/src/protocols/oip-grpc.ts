import { isUtf8 } from 'node:buffer';
import { fromRaw } from '../tensors/raw-tensor.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import type { InputTensor, Tensor } from '../tensors/tensor.js';
import type { EncodedBody, ParsedRequest, ProtocolCodec } from './codec.js';
import { OipGrpcAnswers } from './oip-grpc-answers.js';
import { readContents } from './oip-grpc-contents.js';
import { readInput, readOutput, readParameter } from './oip-grpc-messages.js';
import type { GrpcInput } from './oip-grpc-messages.js';
import { inputInvalid, requestInvalid } from './protocols.errors.js';
import { readUrgency } from './request-parameters.js';
import { SignatureIndex } from './signature-index.js';
import { checkDatatype, checkShape } from './tensor-checks.js';
import { WireReader } from './wire-reader.js';

/** A valid inference request. */
export interface OipGrpcRequest extends ParsedRequest {
  /** Echoed; empty when the caller gave none. */
  readonly id: string;
  /** Positions in the signature of the outputs asked for, in the caller's order. */
  readonly outputs: readonly number[];
  /** Whether the inputs came as raw bytes, as then do the outputs. */
  readonly isRaw: boolean;
}

/** Top-level fields besides tensors. */
const SPARE_FIELDS = 1024;

/** Top-level fields of ModelInferRequest. */
const ID = 3;
const PARAMETERS = 4;
const INPUTS = 5;
const OUTPUTS = 6;
const RAW_INPUT_CONTENTS = 7;

/** What a scan of the top level gives; nothing is checked against the signature yet. */
interface Scan {
  id: Buffer | undefined;
  readonly parameters: Map<string, unknown>;
  readonly inputs: Buffer[];
  readonly outputs: Buffer[];
  readonly raw: Buffer[];
}

/**
 * Open Inference Protocol v2, gRPC: the bytes of a ModelInferRequest to validated tensors, and result tensors to the bytes
 * of a ModelInferResponse, for one model version. Raw inputs are views of the body. The answer is in the form of the
 * request: raw, or typed contents (raw as well when one of its outputs is FP16 or BF16, which have no typed form).
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md
 */
export class OipGrpcCodec implements ProtocolCodec<OipGrpcRequest> {
  private readonly index: SignatureIndex;
  private readonly answers: OipGrpcAnswers;
  private readonly maxFields: number;

  constructor(signature: Signature, version: string) {
    this.index = new SignatureIndex(signature);
    this.answers = new OipGrpcAnswers(this.index, version);
    this.maxFields = SPARE_FIELDS + 2 * signature.inputs.length + signature.outputs.length;
  }

  /** Parses and validates a body. Throws `invalid` saying what to change. */
  parse({ body }: EncodedBody): OipGrpcRequest {
    const scan = this.scan(body);
    const inputs = this.parseInputs(scan);
    return {
      id: readId(scan.id),
      inputs,
      rows: this.index.countRows(inputs),
      outputs: this.parseOutputs(scan.outputs),
      isRaw: scan.raw.length > 0,
      ...readUrgency(scan.parameters.get('priority'), scan.parameters.get('timeout')),
    };
  }

  /** See ProtocolCodec. */
  encode(
    request: OipGrpcRequest,
    modelName: string,
    tensors: readonly Tensor[],
    firstRow: number,
  ): EncodedBody {
    return { body: this.answers.encode(request, modelName, tensors, firstRow), jsonLength: undefined };
  }

  private scan(body: Buffer): Scan {
    const scan: Scan = { id: undefined, parameters: new Map(), inputs: [], outputs: [], raw: [] };
    const reader = new WireReader(body, this.maxFields);
    while (reader.next()) {
      if (reader.field === ID) scan.id = reader.view();
      else if (reader.field === PARAMETERS) readParameter(reader.view(), scan.parameters);
      else if (reader.field === INPUTS) scan.inputs.push(reader.view());
      else if (reader.field === OUTPUTS) scan.outputs.push(reader.view());
      else if (reader.field === RAW_INPUT_CONTENTS) scan.raw.push(reader.view());
      else reader.skip();
    }
    return scan;
  }

  private parseInputs({ inputs: messages, raw }: Scan): readonly InputTensor[] {
    const { index } = this;
    if (raw.length > 0 && raw.length !== messages.length) {
      throw requestInvalid(
        `raw_input_contents has ${raw.length} entries for ${messages.length} inputs: send one for each, in the same order.`,
      );
    }
    const inputs = new Array<InputTensor | undefined>(index.inputs.length);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      if (message === undefined) continue;
      const input = readInput(message);
      const position = index.inputAt(input.name, inputs);
      const spec = index.inputs[position];
      if (spec) inputs[position] = parseInput(input, spec, raw[i]);
    }
    return index.complete(inputs);
  }

  private parseOutputs(messages: readonly Buffer[]): readonly number[] {
    if (messages.length === 0) return this.index.allOutputs;
    const outputs: number[] = [];
    for (const message of messages) outputs.push(this.index.outputAt(readOutput(message), outputs));
    return outputs;
  }
}

function parseInput(input: GrpcInput, spec: TensorSpec, raw: Buffer | undefined): InputTensor {
  checkDatatype(input.datatype, spec);
  const shape = checkShape(input.shape, spec);
  const count = elementCount(shape);
  if (raw === undefined) return { shape, values: readContents(input.contents, spec, count) };
  if (input.contents.length > 0) {
    throw inputInvalid(spec, 'send its elements in contents or in raw_input_contents, not in both');
  }
  const values = fromRaw(raw, spec.datatype, count);
  if (typeof values === 'string') throw inputInvalid(spec, `its raw_input_contents entry ${values}`);
  return { shape, values };
}

function readId(id: Buffer | undefined): string {
  if (id === undefined) return '';
  if (!isUtf8(id)) throw requestInvalid('"id" is not UTF-8 text.');
  return id.toString('utf8');
}
