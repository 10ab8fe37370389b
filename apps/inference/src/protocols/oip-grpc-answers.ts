import type { BytesElement, TensorArray } from '../tensors/datatype.js';
import { toRaw } from '../tensors/raw-tensor.js';
import type { Tensor } from '../tensors/tensor.js';
import { ByteWriter } from './byte-writer.js';
import { CONTENTS_FIELDS } from './oip-grpc-contents.js';
import type { SignatureIndex } from './signature-index.js';
import { sliceOf } from './tensor-slice.js';
import type { TensorSlice } from './tensor-slice.js';

/** One answer is written at a time, whatever its version: the whole, one output of it, one output's elements. */
const out = new ByteWriter();
const message = new ByteWriter();
const packed = new ByteWriter();

/** Tags of fields that hold bytes. */
const MODEL_NAME = 0x0a;
const MODEL_VERSION = 0x12;
const ID = 0x1a;
const OUTPUT = 0x2a;
const RAW_OUTPUT_CONTENTS = 0x32;
const NAME = 0x0a;
const DATATYPE = 0x12;
const SHAPE = 0x1a;
const CONTENTS = 0x2a;

/** What an answer needs to know of its request. */
interface Asked {
  readonly id: string;
  readonly rows: number;
  readonly outputs: readonly number[];
  readonly isRaw: boolean;
}

/** Writes the answers of one version. */
export class OipGrpcAnswers {
  /** Name and datatype of every output, serialized. */
  private readonly heads: readonly Buffer[];
  private readonly version: Buffer;

  constructor(
    private readonly index: SignatureIndex,
    version: string,
  ) {
    this.version = bytesField(MODEL_VERSION, version);
    this.heads = index.outputs.map(({ name, datatype }) =>
      Buffer.concat([bytesField(NAME, name), bytesField(DATATYPE, datatype)]),
    );
  }

  /** A serialized ModelInferResponse. */
  encode(request: Asked, modelName: string, tensors: readonly Tensor[], firstRow: number): Buffer {
    out.reset();
    writeBytes(out, MODEL_NAME, Buffer.from(modelName));
    out.raw(this.version);
    if (request.id !== '') writeBytes(out, ID, Buffer.from(request.id));
    const isRaw = request.isRaw || request.outputs.some((at) => !this.isTyped(at));
    const raw: Uint8Array[] = [];
    let rawBytes = 0;
    for (const position of request.outputs) {
      const tensor = tensors[position];
      if (tensor === undefined) throw new Error(`The engine gave no output ${position}.`);
      const slice = sliceOf(tensor, this.index.hasRows, firstRow, request.rows);
      this.writeOutput(position, tensor, slice, isRaw);
      if (!isRaw) continue;
      const bytes = toRaw(tensor.data, slice.start, slice.end);
      raw.push(bytes);
      rawBytes += bytes.length + FIELD_BYTES;
    }
    out.reserve(rawBytes);
    for (const bytes of raw) writeBytes(out, RAW_OUTPUT_CONTENTS, bytes);
    return out.finish();
  }

  private isTyped(position: number): boolean {
    const datatype = this.index.outputs[position]?.datatype;
    return datatype !== undefined && CONTENTS_FIELDS[datatype] !== undefined;
  }

  private writeOutput(position: number, tensor: Tensor, slice: TensorSlice, isRaw: boolean): void {
    message.reset();
    message.raw(this.heads[position] ?? NOTHING);
    packed.reset();
    for (const size of slice.shape) packed.varint(size);
    writeBytes(message, SHAPE, packed.finish());
    if (!isRaw) writeBytes(message, CONTENTS, contentsOf(tensor, slice));
    writeBytes(out, OUTPUT, message.finish());
  }
}

const NOTHING = Buffer.alloc(0);
/** A tag and a length at most. */
const FIELD_BYTES = 11;

/** A serialized InferTensorContents. */
function contentsOf({ data, datatype }: Tensor, { start, end }: TensorSlice): Buffer {
  const tag = 8 * (CONTENTS_FIELDS[datatype]?.number ?? 0) + 2;
  packed.reset();
  if (Array.isArray(data)) {
    writeElements(data, tag, { start, end });
    return packed.finish();
  }
  const elements = packedElements(data, start, end);
  packed.reset();
  writeBytes(packed, tag, elements);
  return packed.finish();
}

function writeElements(
  data: readonly BytesElement[],
  tag: number,
  { start, end }: { start: number; end: number },
) {
  for (let i = start; i < end; i++) {
    const element = data[i] ?? '';
    writeBytes(packed, tag, typeof element === 'string' ? Buffer.from(element) : element);
  }
}

/** Floats and booleans are packed as they lie in memory; integers as varints. */
function packedElements(data: Exclude<TensorArray, BytesElement[]>, start: number, end: number): Uint8Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return toRaw(data, start, end);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return packedWords(new Uint32Array(data.buffer, data.byteOffset, 2 * data.length), start, end);
  }
  for (let i = start; i < end; i++) {
    const value = data[i] ?? 0;
    // A negative 32-bit integer is sign-extended to 64 bits.
    packed.varint64(value, value < 0 ? -1 : 0);
  }
  return packed.finish();
}

function packedWords(words: Uint32Array, start: number, end: number): Buffer {
  for (let i = 2 * start; i < 2 * end; i += 2) packed.varint64(words[i] ?? 0, words[i + 1] ?? 0);
  return packed.finish();
}

function writeBytes(writer: ByteWriter, tag: number, bytes: Uint8Array): void {
  writer.reserve(bytes.length + FIELD_BYTES);
  writer.byte(tag);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

function bytesField(tag: number, text: string): Buffer {
  const writer = new ByteWriter();
  writeBytes(writer, tag, Buffer.from(text));
  return writer.finish();
}
