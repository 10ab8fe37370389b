/** Larger buffers are given away instead of kept and copied from. */
const KEPT_BYTES = 64 * 1024;
const ZERO = 0x30;

/** Puts an answer together in one buffer that it keeps for the next answer while answers are small. */
export class ByteWriter {
  /** What was written is up to here. */
  length = 0;
  private bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);

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

  /** What was written, with what is appended to it; the writer is empty again. */
  finish(appended: readonly Uint8Array[] = []): Buffer {
    let size = this.length;
    for (const each of appended) size += each.length;
    const isKept = this.bytes.length <= KEPT_BYTES;
    const whole = isKept || appended.length > 0 ? Buffer.allocUnsafe(size) : this.bytes.subarray(0, size);
    if (whole.buffer !== this.bytes.buffer) whole.set(this.bytes.subarray(0, this.length));
    let at = this.length;
    for (const each of appended) {
      whole.set(each, at);
      at += each.length;
    }
    this.length = 0;
    if (!isKept) this.bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);
    return whole;
  }
}
