import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { rowGroupSize } from '../../tables/parquet.js';
import { LINE_FEED } from './csv-bytes.js';
import type { RowSink } from './row-scanner.js';

/**
 * Writes canonical rows to files of as many rows as a row group of the snapshot has: DuckDB may then read them with any
 * number of threads, and the snapshot has the same row groups every time. What is taken lies in memory until `flush`.
 */
export class RowGroups implements RowSink {
  /** The files so far, in the order of their rows. */
  readonly paths: string[] = [];
  rowsLeft = 0;

  private groupSize = 0;
  private filled = 0;
  /** Where in the memory a group ends. */
  private ends: number[] = [];
  private memory: Buffer;
  private spare: Buffer;
  private file: FileHandle | undefined;

  /** `chunkBytes` is the most that is taken between two flushes. */
  constructor(
    private readonly folder: string,
    chunkBytes: number,
  ) {
    this.memory = Buffer.allocUnsafe(chunkBytes);
    this.spare = Buffer.allocUnsafe(chunkBytes);
  }

  start(columnCount: number): void {
    this.groupSize = rowGroupSize(columnCount);
    this.rowsLeft = this.groupSize;
  }

  lines(bytes: Buffer, start: number, end: number, count: number): void {
    this.filled += bytes.copy(this.memory, this.filled, start, end);
    this.count(count);
  }

  value(bytes: Buffer, start: number, end: number, followedBy: number): void {
    this.filled += bytes.copy(this.memory, this.filled, start, end);
    this.memory[this.filled++] = followedBy;
    if (followedBy === LINE_FEED) this.count(1);
  }

  /** Writes what was taken. More may be taken meanwhile, but only one flush may be under way. */
  async flush(): Promise<void> {
    const { memory, filled, ends } = this;
    this.memory = this.spare;
    this.spare = memory;
    this.filled = 0;
    this.ends = [];
    let start = 0;
    for (const end of ends) {
      await this.write(memory.subarray(start, end));
      await this.close();
      start = end;
    }
    if (start < filled) await this.write(memory.subarray(start, filled));
  }

  /** Closes the file under way. */
  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private count(rows: number): void {
    this.rowsLeft -= rows;
    if (this.rowsLeft > 0) return;
    this.ends.push(this.filled);
    this.rowsLeft = this.groupSize;
  }

  private async write(bytes: Buffer): Promise<void> {
    if (!this.file) {
      const path = join(this.folder, `rows-${this.paths.length}.csv`);
      this.paths.push(path);
      this.file = await open(path, 'wx');
    }
    await this.file.writev([bytes]);
  }
}
