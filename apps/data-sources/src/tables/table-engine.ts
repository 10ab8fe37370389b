import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { inferKinds, typedValue } from './column-kinds.js';
import { cleanCsv } from './csv-clean.js';
import type { CleanCsv } from './csv-clean.js';
import { csvSource } from './csv-source.js';
import { withDuckDb } from './duckdb.js';
import { parquetSource, writeParquet } from './parquet.js';
import { quoteName } from './sql.js';
import { previewTable } from './table-preview.js';
import type { PreviewWindow } from './table-preview.js';
import { profileTable } from './table-profile.js';
import { splitTable } from './table-split.js';
import type { SplitPlan } from './table-split.js';
import type { ColumnKind, ImportedTable, StoredTable, TablePreview } from './table.js';
import { Turnstile } from './turnstile.js';
import { Workspace } from './workspace.js';

/** A part of a split as it lies in the blob store. */
export interface StoredPart extends StoredTable {
  readonly name: string;
  readonly rowCount: number;
}

/** Makes tables of uploads, shows and splits them. Tables are Parquet files in the blob store. */
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

  /** Makes a table of an uploaded CSV file. The same bytes give the same snapshot. Refuses what is not a clean table. */
  importCsv(uploadSha256: string): Promise<ImportedTable> {
    return this.turnstile.run(() => this.workspace.use((folder) => this.importInto(folder, uploadSha256)));
  }

  /** Some rows of a table. */
  preview(sha256: string, window: PreviewWindow): Promise<TablePreview> {
    return this.onTable(sha256, (connection, table) => previewTable(connection, table, window));
  }

  /** Writes the parts of a split. The same table and plan give the same parts. */
  split(sha256: string, plan: SplitPlan): Promise<StoredPart[]> {
    return this.onTable(sha256, async (connection, table, folder) => {
      const pathOf = (part: string) => join(folder, `${part}.parquet`);
      await splitTable(connection, table, plan, pathOf);
      const parts: StoredPart[] = [];
      for (const { name, rowCount } of plan.parts) {
        parts.push({ name, rowCount, ...(await this.blobs.putFile(pathOf(name))) });
      }
      return parts;
    });
  }

  private async importInto(folder: string, uploadSha256: string): Promise<ImportedTable> {
    const upload = join(folder, 'upload.csv');
    const clean = join(folder, 'clean.csv');
    const snapshot = join(folder, 'snapshot.parquet');
    await this.blobs.copyTo(uploadSha256, upload);
    const csv = await cleanCsv(upload, clean);
    const columns = await withDuckDb(folder, this.config, async (connection) => {
      const kinds = await writeSnapshot(connection, clean, csv, snapshot);
      const named = csv.names.map((name, index) => ({ name, kind: kinds[index] ?? 'VARCHAR' }));
      return profileTable(connection, { path: snapshot, columns: named, rowCount: csv.rowCount });
    });
    const { rowCount, droppedRowCount } = csv;
    return { rowCount, droppedRowCount, columns, snapshot: await this.blobs.putFile(snapshot) };
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

async function writeSnapshot(
  connection: DuckDBConnection,
  path: string,
  { names, separator, rowCount }: CleanCsv,
  snapshot: string,
): Promise<ColumnKind[]> {
  const source = csvSource(path, separator, names.length);
  const kinds = await inferKinds(connection, source, names.length);
  const values = names.map(
    (name, index) => `${typedValue(`c${index}`, kinds[index] ?? 'VARCHAR')} AS ${quoteName(name)}`,
  );
  await writeParquet(connection, `SELECT ${values.join(', ')} FROM ${source}`, names.length, snapshot);
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${parquetSource(snapshot)}`);
  const written = Number(reader.getRows()[0]?.[0]);
  // Two readers of the same file must agree; if they ever do not, no data may come of it.
  if (written !== rowCount) throw new Error(`${rowCount} rows were read but ${written} were written`);
  return kinds;
}
