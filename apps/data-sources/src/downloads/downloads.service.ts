import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BlobCorrupt } from '@aimass/platform-blobs';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { withDuckDb } from '../tables/duckdb.js';
import { Workspace } from '../tables/workspace.js';
import { arrowRows } from './arrow-rows.js';
import { csvRows } from './csv-rows.js';
import { downloadRangeInvalid, downloadsBusy } from './downloads.errors.js';
import { storedColumns } from './table-columns.js';

/** A message between services is no larger. */
const CHUNK_BYTES = 1024 * 1024;
/** Tables that are converted at a time: a slow reader must not keep imports waiting, and not have the memory either. */
const CONVERSIONS = 4;

/** Formats that a table is converted to while it is sent. */
const CONVERTED = { csv: csvRows, arrow: arrowRows } as const;
export type ConvertedFormat = keyof typeof CONVERTED;

/** Part of a file, from `start` up to, not including, `end`; 0 means to its end. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Sends versions as files. Nothing is held but what is on its way; who stops reading ends the work. */
@Injectable()
export class DownloadsService {
  private conversions = 0;

  constructor(
    private readonly workspace: Workspace,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** The snapshot itself. Read whole, it is checked on the way: the last part of a damaged one does not come. */
  async *snapshot({ sha256, sizeBytes }: DatasetVersion, { start, end }: ByteRange): AsyncGenerator<Buffer> {
    const size = Number(sizeBytes);
    const stop = end === 0 ? size : end;
    if (start > stop || stop > size) throw downloadRangeInvalid(sizeBytes);
    const isWhole = start === 0 && stop === size;
    const hash = createHash('sha256');
    const blob = await this.blobs.open(sha256);
    try {
      for (let at = start; at < stop; at += CHUNK_BYTES) {
        const chunk = await blob.read(at, Math.min(stop, at + CHUNK_BYTES));
        hash.update(chunk);
        const isLast = at + CHUNK_BYTES >= stop;
        if (isWhole && isLast && hash.digest('hex') !== sha256) throw new BlobCorrupt(sha256);
        yield chunk;
      }
    } finally {
      await blob.close();
    }
  }

  /** The rows in another format, in file order. Throws `downloads_busy`. */
  async *converted({ sha256 }: DatasetVersion, format: ConvertedFormat): AsyncGenerator<Buffer> {
    if (this.conversions >= CONVERSIONS) throw downloadsBusy();
    this.conversions++;
    const pipe = new PassThrough({ highWaterMark: CHUNK_BYTES });
    const abort = new AbortController();
    const work = this.convert(sha256, { format, pipe, signal: abort.signal }).catch((error: unknown) => {
      pipe.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    try {
      for await (const chunk of pipe) yield* pieces(chunk as Buffer);
    } finally {
      abort.abort();
      pipe.destroy();
      await work;
      this.conversions--;
    }
  }

  private convert(
    sha256: string,
    to: { format: ConvertedFormat; pipe: PassThrough; signal: AbortSignal },
  ): Promise<void> {
    const limits = { TABLE_MEMORY_MB: this.config.TABLE_MEMORY_MB, TABLE_THREADS: 1 };
    return this.workspace.use(async (folder) => {
      const path = join(folder, 'table.parquet');
      await this.blobs.copyTo(sha256, path);
      await withDuckDb(
        folder,
        limits,
        async (connection) => {
          const columns = await storedColumns(connection, path);
          const rows = CONVERTED[to.format](connection, path, columns);
          // One piece ahead, not sixteen: a piece of a wide table is large.
          await pipeline(Readable.from(rows, { highWaterMark: 1 }), to.pipe, { signal: to.signal });
        },
        to.signal,
      );
    });
  }
}

function* pieces(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += CHUNK_BYTES) yield chunk.subarray(at, at + CHUNK_BYTES);
}
