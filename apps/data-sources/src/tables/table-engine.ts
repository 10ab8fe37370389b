import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { withDuckDb } from './duckdb.js';
import { previewTable } from './table-preview.js';
import type { PreviewWindow } from './table-preview.js';
import type { TablePreview } from './table.js';
import { Turnstile } from './turnstile.js';
import { Workspace } from './workspace.js';

/** Gives imports and splits a database, and shows tables. Tables are Parquet files in the blob store. */
@Injectable()
export class TableEngine {
  private readonly turnstile: Turnstile;

  constructor(
    private readonly workspace: Workspace,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {
    this.turnstile = new Turnstile(config.TABLE_PARALLEL);
  }

  /** How many threads an operation may use. */
  get threads(): number {
    return this.config.TABLE_THREADS;
  }

  /** Runs `work` on a database that sees `folder` only, in turn with all other table operations. */
  inDatabase<T>(
    folder: string,
    signal: AbortSignal,
    work: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    return this.turnstile.run(() => withDuckDb(folder, this.config, work, signal));
  }

  /** Some rows of a table. */
  preview(sha256: string, window: PreviewWindow): Promise<TablePreview> {
    return this.onTable(sha256, (connection, table) => previewTable(connection, table, window));
  }

  private onTable<T>(
    sha256: string,
    work: (connection: DuckDBConnection, table: string, folder: string) => Promise<T>,
  ): Promise<T> {
    return this.turnstile.run(() =>
      this.workspace.use(async (folder) => {
        const table = join(folder, 'table.parquet');
        await this.blobs.copyTo(sha256, table);
        return withDuckDb(folder, this.config, (connection) => work(connection, table, folder));
      }),
    );
  }
}
