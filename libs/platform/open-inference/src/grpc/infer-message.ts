import { oip } from '@aimass/contracts';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { OipError } from '../oip-error.js';

/** What of a serialized `ModelInferRequest` the edge needs. */
export interface InferNames {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
}

/** More fields than this are nothing a client sends, and would only keep the event loop busy. */
const MAX_FIELDS = 16_384;
const MAX_TEXT_BYTES = 1024;
const MAX_VARINT_BYTES = 10;

/**
 * Reads fields 1 to 3 of a serialized `ModelInferRequest`: names and id; the last of each counts. All else is stepped
 * over, not decoded. Throws OipError 400 for bytes that are no protobuf message, and for names beyond 1,024 bytes.
 */
export function scanInferRequest(bytes: Buffer): InferNames {
  const scan = new Scan(bytes);
  const found = ['', '', '', ''];
  for (let fields = 0; !scan.isAtEnd; fields++) {
    if (fields === MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} fields`);
    const tag = scan.varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (field < 1) throw malformed('a field without a number');
    if (field <= 3 && wireType === 2) found[field] = scan.text();
    else scan.skip(wireType);
  }
  return { modelName: found[1] ?? '', modelVersion: found[2] ?? '', id: found[3] ?? '' };
}

/** The bytes of a message, never read past their end. */
class Scan {
  private position = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** A varint as a number: exact up to 2^53, and never less than what it stands for. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < MAX_VARINT_BYTES; read++) {
      const byte = this.bytes[this.position];
      if (byte === undefined) throw malformed('it is cut');
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw malformed('a number is too long');
  }

  text(): string {
    const length = this.varint();
    if (length > MAX_TEXT_BYTES) throw new OipError(400, `Names are at most ${MAX_TEXT_BYTES} bytes long.`);
    const start = this.position;
    this.advance(length);
    return this.bytes.toString('utf8', start, this.position);
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.advance(8);
    else if (wireType === 2) this.advance(this.varint());
    else if (wireType === 5) this.advance(4);
    else throw malformed(`wire type ${wireType}`);
  }

  private advance(length: number): void {
    if (length > this.bytes.length - this.position) throw malformed('it is cut');
    this.position += length;
  }
}

function malformed(why: string): OipError {
  return new OipError(400, `The message is not a ModelInferRequest: ${why}.`);
}

/** A `ModelStreamInferResponse` around a serialized `ModelInferResponse`, without decoding it. */
export function streamAnswer(response: Buffer): Buffer {
  const head = new BinaryWriter()
    .uint32(2 * 8 + 2)
    .uint32(response.length)
    .finish();
  return Buffer.concat([head, response]);
}

/** A `ModelStreamInferResponse` that says what went wrong with the request of this id. */
export function streamError(message: string, names: Partial<InferNames>): Buffer {
  const response = oip.ModelStreamInferResponse.fromPartial({
    errorMessage: message,
    inferResponse: {
      id: names.id ?? '',
      modelName: names.modelName ?? '',
      modelVersion: names.modelVersion ?? '',
    },
  });
  return Buffer.from(oip.ModelStreamInferResponse.encode(response).finish());
}
