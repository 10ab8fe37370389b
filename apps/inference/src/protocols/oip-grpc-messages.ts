import { requestInvalid } from './protocols.errors.js';
import { quoted } from './quoted.js';
import { refuseParameter } from './request-parameters.js';
import { WireReader } from './wire-reader.js';

/** An InferInputTensor as it came. */
export interface GrpcInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Serialized InferTensorContents; protobuf lets a message come in pieces. */
  readonly contents: readonly Buffer[];
}

/** Fields of one tensor's message, dimensions and parameters among them. */
const MAX_FIELDS = 1024;
/** Fields of a map's entry, and of a parameter. */
const ENTRY_FIELDS = 8;
/** Far more than any tensor has dimensions. */
const MAX_DIMENSIONS = 64;

/** Reads an InferInputTensor. Throws `invalid`. */
export function readInput(message: Buffer): GrpcInput {
  const reader = new WireReader(message, MAX_FIELDS);
  const shape: number[] = [];
  const contents: Buffer[] = [];
  const parameters = new Map<string, unknown>();
  let [name, datatype] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) datatype = reader.text();
    else if (reader.field === 3) readShape(reader, shape);
    else if (reader.field === 4) readParameter(reader.view(), parameters);
    else if (reader.field === 5) contents.push(reader.view());
    else reader.skip();
  }
  refuseParameters(`Input ${quoted(name)}`, parameters);
  return { name, datatype, shape, contents };
}

/** Reads an InferRequestedOutputTensor: the output's name. */
export function readOutput(message: Buffer): string {
  const reader = new WireReader(message, MAX_FIELDS);
  const parameters = new Map<string, unknown>();
  let name = '';
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) readParameter(reader.view(), parameters);
    else reader.skip();
  }
  refuseParameters(`Output ${quoted(name)}`, parameters);
  return name;
}

/** Reads one entry of a map<string, InferParameter> into `into`. */
export function readParameter(entry: Buffer, into: Map<string, unknown>): void {
  const reader = new WireReader(entry, ENTRY_FIELDS);
  let name = '';
  let value: unknown;
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) value = readChoice(reader.view());
    else reader.skip();
  }
  into.set(name, value);
}

function readChoice(message: Buffer): unknown {
  const reader = new WireReader(message, ENTRY_FIELDS);
  let value: unknown;
  while (reader.next()) {
    if (reader.field === 1) value = reader.signed() !== 0;
    else if (reader.field === 2) value = reader.signed();
    else if (reader.field === 3) value = reader.text();
    else if (reader.field === 4) value = reader.double();
    else if (reader.field === 5) value = reader.unsigned();
    else reader.skip();
  }
  return value;
}

/** Dimensions come packed or one by one. */
function readShape(reader: WireReader, shape: number[]): void {
  if (reader.isBytes) {
    const packed = new WireReader(reader.view(), 0);
    while (!packed.isAtEnd) {
      packed.varint();
      addDimension(shape, packed.toSigned());
    }
  } else addDimension(shape, reader.signed());
}

function addDimension(shape: number[], size: number): void {
  if (shape.length === MAX_DIMENSIONS)
    throw requestInvalid(`A shape has at most ${MAX_DIMENSIONS} dimensions.`);
  shape.push(size);
}

function refuseParameters(owner: string, parameters: ReadonlyMap<string, unknown>): void {
  for (const [name, value] of parameters) refuseParameter(owner, name, value);
}
