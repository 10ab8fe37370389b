import { requestInvalid } from './protocols.errors.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const WORD = 2 ** 32;

/**
 * Reads the fields of one protobuf message out of bytes, copying nothing. The generated decoder would copy each tensor
 * and make a list of every entry of a hostile message; this one gives views and stops at `maxFields`. Whatever is not
 * protobuf throws `invalid`. https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  /** Number of the field that `next` found. */
  field = 0;
  /** The halves of what `varint` read. */
  low = 0;
  high = 0;
  private wireType = 0;
  private at = 0;

  constructor(
    private readonly bytes: Buffer,
    private maxFields: number,
  ) {}

  /** Goes on to the next field; false at the end. What the last one held must have been read or skipped. */
  next(): boolean {
    if (this.at === this.bytes.length) return false;
    if (--this.maxFields < 0) throw requestInvalid('The request has more fields than any request needs.');
    this.varint();
    this.field = (this.low >>> 3) + this.high * 2 ** 29;
    this.wireType = this.low & 7;
    if (this.field === 0) throw notProtobuf();
    return true;
  }

  /** Whether the field holds bytes: text, a message, or many numbers at once. */
  get isBytes(): boolean {
    return this.wireType === BYTES;
  }

  /** Whether there is nothing after what was read. */
  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** The field's bytes. */
  view(): Buffer {
    if (this.wireType !== BYTES) throw notProtobuf();
    this.varint();
    return this.take(this.low + this.high * WORD);
  }

  /** The field's text. */
  text(): string {
    return this.view().toString('utf8');
  }

  /** The field's 64-bit number as a double, signed. */
  signed(): number {
    if (this.wireType !== VARINT) throw notProtobuf();
    this.varint();
    return this.toSigned();
  }

  /** The field's 64-bit number as a double, unsigned. */
  unsigned(): number {
    if (this.wireType !== VARINT) throw notProtobuf();
    this.varint();
    return this.high * WORD + this.low;
  }

  /** What `varint` read as a signed number; beyond 2^53 it is rounded. */
  toSigned(): number {
    return (this.high | 0) * WORD + this.low;
  }

  /** The field's double. */
  double(): number {
    if (this.wireType !== FIXED64) throw notProtobuf();
    return this.take(8).readDoubleLE();
  }

  /** The field's bytes of fixed width, as they stand. */
  fixed(size: number): Buffer {
    if (this.wireType !== (size === 4 ? FIXED32 : FIXED64)) throw notProtobuf();
    return this.take(size);
  }

  /** Passes a field that nobody asked for. */
  skip(): void {
    if (this.wireType === VARINT) this.varint();
    else if (this.wireType === BYTES) this.view();
    else if (this.wireType === FIXED64) this.take(8);
    else if (this.wireType === FIXED32) this.take(4);
    else throw notProtobuf();
  }

  /** Reads a varint into `low` and `high`, both from 0 to 2^32 - 1. */
  varint(): void {
    const { bytes } = this;
    const first = bytes[this.at] ?? 0x80;
    this.low = first;
    this.high = 0;
    if (first < 0x80) {
      this.at += 1;
      return;
    }
    this.low = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.at];
      if (byte === undefined) throw notProtobuf();
      this.at += 1;
      this.add(byte & 0x7f, shift);
      if (byte < 0x80) return;
    }
    throw notProtobuf();
  }

  private add(bits: number, shift: number): void {
    if (shift < 28) this.low |= bits << shift;
    else if (shift === 28) {
      this.low = (this.low | (bits << 28)) >>> 0;
      this.high = bits >>> 4;
    } else this.high = (this.high | (bits << (shift - 32))) >>> 0;
  }

  private take(size: number): Buffer {
    const end = this.at + size;
    if (end > this.bytes.length) throw notProtobuf();
    const view = this.bytes.subarray(this.at, end);
    this.at = end;
    return view;
  }
}

function notProtobuf(): Error {
  return requestInvalid('The body is not a ModelInferRequest: it is cut, or no protobuf message.');
}
