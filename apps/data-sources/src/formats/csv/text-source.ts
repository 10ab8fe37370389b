import type { FileHandle } from 'node:fs/promises';

/** Where the UTF-8 text of a file comes from. */
export interface TextSource {
  /** Reads up to `length` bytes into `target` at `offset` and returns how many; 0 at the end. */
  read(target: Buffer, offset: number, length: number): Promise<number>;
}

/** A file that is UTF-8 already. */
export class PlainText implements TextSource {
  /** Reads from `position`: behind a byte order mark. */
  constructor(
    private readonly file: FileHandle,
    private position: number,
  ) {}

  async read(target: Buffer, offset: number, length: number): Promise<number> {
    const { bytesRead } = await this.file.read(target, offset, length, this.position);
    this.position += bytesRead;
    return bytesRead;
  }
}
