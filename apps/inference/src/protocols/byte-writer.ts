/** A writer keeps a buffer of this size; what needs a larger one gets it for itself, uncopied. */
const KEPT_BYTES = 64 * 1024;
const ZERO = 0x30;

/** Puts an answer together in a buffer that it keeps for the next answer, as long as answers are small. */
export class ByteWriter {
  /** What was written is up to here. */
  length = 0;
  private readonly kept = Buffer.allocUnsafeSlow(KEPT_BYTES);
  private bytes = this.kept;

  /** Makes room for so many more bytes. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Needs room that was reserved. */
  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** UTF-8 text. */
  text(value: string): void {
    this.reserve(3 * value.length);
    this.length += this.bytes.write(value, this.length, 'utf8');
  }

  /** Text that is known to be ASCII and short: a loop is faster than a call out of JavaScript. */
  ascii(value: string): void {
    this.reserve(value.length);
    for (let i = 0; i < value.length; i++) this.bytes[this.length++] = value.charCodeAt(i);
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** A whole number from 0 to 2^53 in decimal; needs room that was reserved. */
  digits(value: number): void {
    let count = 1;
    for (let power = 10; power <= value; power *= 10) count++;
    this.paddedDigits(value, count);
  }

  /** The last `count` decimal digits of a whole number; needs room that was reserved. */
  paddedDigits(value: number, count: number): void {
    let rest = value;
    for (let i = this.length + count - 1; i >= this.length; i--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += count;
  }

  /** A protobuf varint of up to 53 bits. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A protobuf varint of 64 bits, given as two halves. */
  varint64(low: number, high: number): void {
    this.reserve(10);
    let [rest, more] = [low >>> 0, high >>> 0];
    while (more !== 0 || rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (more << 25)) >>> 0;
      more >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** What was written; the writer is empty again. */
  finish(): Buffer {
    const written = this.bytes.subarray(0, this.length);
    const whole = this.bytes === this.kept ? Buffer.from(written) : written;
    this.bytes = this.kept;
    this.length = 0;
    return whole;
  }

  /** Forgets what was written. */
  reset(): void {
    this.bytes = this.kept;
    this.length = 0;
  }
}
