import { setImmediate as nextTurn } from 'node:timers/promises';
import { malformed, tooDemanding } from '../model-files.errors.js';
import type { ModelFile } from '../model-file.js';

/**
 * What the fields of one protobuf message mean to who scans it. A field without a handler is passed over; bytes of a
 * length-delimited field that is passed over are never read.
 */
export interface MessageScan {
  /** A varint, as the lower and upper 32 bits. */
  varint?(field: number, low: number, high: number): void;
  /** A number of 4 or 8 bytes. */
  fixed?(field: number, sizeBytes: number): void;
  /** A length-delimited field: the scan of the message inside, `bytes` to get it whole, or nothing to pass over it. */
  delimited?(field: number, length: number): MessageScan | 'bytes' | undefined;
  /** What `delimited` asked for; a view, good only during the call. */
  bytes?(field: number, value: Uint8Array): void;
  /** The message is complete. */
  end?(): void;
}

/** Also what is scanned in one turn of the event loop: some milliseconds, even of nothing but tags. */
const WINDOW_BYTES = 64 * 1024;
/** No field that is asked for whole may be longer. */
const MAX_WHOLE_BYTES = 32 * 1024;
/** Protobuf's own readers stop at 100. */
const MAX_DEPTH = 64;
/** Two million trees of a forest stay below; it bounds the time that a file made of nothing but tags may take. */
const MAX_FIELDS = 32_000_000;
/** Messages and texts that are looked into: what a scan keeps grows with them. */
const MAX_MESSAGES = 500_000;
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * Scans a protobuf file from front to back with a bounded window. Memory does not depend on any length that the file
 * claims. Throws `unprocessable` for a file that is cut, not well-formed, or nested too deep.
 */
export async function scanWire(
  file: ModelFile,
  root: MessageScan,
  maxMessages: number = MAX_MESSAGES,
): Promise<void> {
  const scan = new WireScan(file, root, maxMessages);
  while (!scan.isDone()) {
    const start = scan.position;
    const end = Math.min(file.sizeBytes, start + WINDOW_BYTES);
    const window = await file.read(start, end);
    if (window.length !== end - start) throw malformed(file.path, 'it is shorter than it should be');
    scan.consume(window);
    if (scan.position === start) throw malformed(file.path, 'it ends in the middle of a field');
    await nextTurn();
  }
}

interface Frame {
  readonly scan: MessageScan;
  readonly end: number;
}

/** The state between two windows: where the next field begins, and the messages around it. */
class WireScan {
  position = 0;
  private readonly frames: Frame[];
  private fields = 0;
  private messages = 0;
  private textBytes = 0;
  /** Start of the window in the file, the window, and where in it we are. */
  private base = 0;
  private window: Uint8Array = new Uint8Array();
  private at = 0;
  private low = 0;
  private high = 0;

  constructor(
    private readonly file: ModelFile,
    root: MessageScan,
    private readonly maxMessages: number,
  ) {
    this.frames = [{ scan: root, end: file.sizeBytes }];
  }

  /** Leaves the messages that end here; true when that was the last. */
  isDone(): boolean {
    for (let frame = this.frames.at(-1); frame?.end === this.position; frame = this.frames.at(-1)) {
      frame.scan.end?.();
      this.frames.pop();
    }
    return this.frames.length === 0;
  }

  /** Takes all fields that lie whole in the window, which begins at `position`. */
  consume(window: Uint8Array): void {
    this.base = this.position;
    this.window = window;
    while (!this.isDone()) {
      this.at = this.position - this.base;
      const frame = this.frames.at(-1);
      if (frame === undefined || this.at >= window.length || !this.takeField(frame)) return;
      this.fields += 1;
      if (this.fields > MAX_FIELDS) throw tooDemanding(`it has more than ${MAX_FIELDS} fields`);
    }
  }

  /** False, with `position` unchanged, when the field does not end inside the window. */
  private takeField(frame: Frame): boolean {
    if (!this.readVarint()) return false;
    const field = (this.low >>> 3) + this.high * 2 ** 29;
    const wireType = this.low & 7;
    if (field === 0 || this.high !== 0) throw this.broken('a field has no number');
    if (wireType === 0) return this.takeVarint(frame, field);
    if (wireType === 1 || wireType === 5) return this.takeFixed(frame, field, wireType === 1 ? 8 : 4);
    if (wireType === 2) return this.takeDelimited(frame, field);
    throw this.broken(`a field has the wire type ${wireType}`);
  }

  private takeVarint(frame: Frame, field: number): boolean {
    if (!this.readVarint()) return false;
    this.advance(frame, this.base + this.at);
    frame.scan.varint?.(field, this.low, this.high);
    return true;
  }

  private takeFixed(frame: Frame, field: number, sizeBytes: number): boolean {
    this.advance(frame, this.base + this.at + sizeBytes);
    frame.scan.fixed?.(field, sizeBytes);
    return true;
  }

  private takeDelimited(frame: Frame, field: number): boolean {
    if (!this.readVarint()) return false;
    const start = this.base + this.at;
    const length = this.low;
    if (this.high !== 0 || start + length > frame.end)
      throw this.broken('a field is longer than its message');
    const wanted = frame.scan.delimited?.(field, length);
    if (wanted === undefined) this.advance(frame, start + length);
    else if (wanted === 'bytes') return this.takeBytes(frame, field, length);
    else this.enter(wanted, start, start + length);
    return true;
  }

  private takeBytes(frame: Frame, field: number, length: number): boolean {
    if (length > MAX_WHOLE_BYTES) throw this.broken(`a name has ${length} bytes`);
    if (this.at + length > this.window.length) return false;
    this.textBytes += length + 16;
    if (this.textBytes > MAX_TEXT_BYTES) throw tooDemanding('its names have too many characters');
    const value = this.window.subarray(this.at, this.at + length);
    this.advance(frame, this.base + this.at + length);
    frame.scan.bytes?.(field, value);
    return true;
  }

  private enter(scan: MessageScan, start: number, end: number): void {
    if (this.frames.length >= MAX_DEPTH) throw tooDemanding(`it is nested deeper than ${MAX_DEPTH} messages`);
    this.messages += 1;
    if (this.messages > this.maxMessages)
      throw tooDemanding(`it has more than ${this.maxMessages} nodes, attributes and tensors`);
    this.frames.push({ scan, end });
    this.position = start;
  }

  private advance(frame: Frame, position: number): void {
    if (position > frame.end) throw this.broken('a field is longer than its message');
    this.position = position;
  }

  /** Reads into `low` and `high`; false when the window ends first. */
  private readVarint(): boolean {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.window[this.at];
      if (byte === undefined) return false;
      this.at += 1;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return true;
      }
    }
    throw this.broken('a number has more than ten bytes');
  }

  private broken(reason: string): Error {
    return malformed(this.file.path, `${reason}, at byte ${this.position}`);
  }
}

/** The two halves of a varint as a signed 64-bit integer. */
export function toInt64(low: number, high: number): bigint {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** A packed list of varints as signed 64-bit integers; undefined when it is not well-formed. */
export function unpackInt64(bytes: Uint8Array): bigint[] | undefined {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    if (shift >= 70n) return undefined;
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    values.push(BigInt.asIntN(64, value));
    value = 0n;
    shift = 0n;
  }
  return shift === 0n ? values : undefined;
}

const utf8 = new TextDecoder();

/** Text of a field; bytes that are no UTF-8 become replacement characters. */
export function toText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
