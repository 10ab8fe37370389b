import type { ModelFile } from '../model-file.js';
import { malformed } from '../model-files.errors.js';

const WINDOW_BYTES = 256 * 1024;

/** Reads little-endian values one after another through a bounded window. Throws `unprocessable` past the end. */
export class ByteReader {
  position = 0;
  private window: DataView = new DataView(new ArrayBuffer(0));
  private windowStart = 0;

  constructor(private readonly file: ModelFile) {}

  get remaining(): number {
    return this.file.sizeBytes - this.position;
  }

  async u32(): Promise<number> {
    const at = await this.take(4);
    return this.window.getUint32(at, true);
  }

  async u64(): Promise<bigint> {
    const at = await this.take(8);
    return this.window.getBigUint64(at, true);
  }

  /** At most the window's size; a copy. */
  async bytes(length: number): Promise<Uint8Array> {
    const at = await this.take(length);
    return Uint8Array.from(new Uint8Array(this.window.buffer, this.window.byteOffset + at, length));
  }

  /** Passes over bytes without reading them. */
  skip(length: bigint): void {
    if (length > BigInt(this.remaining)) throw this.broken('it ends before what it announces');
    this.position += Number(length);
  }

  broken(reason: string): Error {
    return malformed(this.file.path, `${reason}, at byte ${this.position}`);
  }

  private async take(length: number): Promise<number> {
    if (length > this.remaining || length > WINDOW_BYTES)
      throw this.broken('it ends before what it announces');
    const end = this.windowStart + this.window.byteLength;
    if (this.position < this.windowStart || this.position + length > end) await this.fill();
    const at = this.position - this.windowStart;
    this.position += length;
    return at;
  }

  private async fill(): Promise<void> {
    const end = Math.min(this.file.sizeBytes, this.position + WINDOW_BYTES);
    const bytes = await this.file.read(this.position, end);
    if (bytes.length !== end - this.position) throw this.broken('it is shorter than it should be');
    this.window = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.windowStart = this.position;
  }
}
