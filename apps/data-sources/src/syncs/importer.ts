import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import type { FetchedFile } from '../connectors/connector.js';
import type { DatasetVersionContent } from '../datasets/dataset-version.entity.js';
import { versionDigest } from '../datasets/version-digest.js';
import type { TableSource } from '../formats/format.js';
import { Formats } from '../formats/formats.js';
import type { EarlierVersion } from '../quality/checks/drift.js';
import { inspectTable } from '../quality/inspect-table.js';
import type { Recipe } from '../recipes/recipe.js';
import { parquetSource, writeParquet, writeRowGroups } from '../tables/parquet.js';
import { TableEngine } from '../tables/table-engine.js';
import { profileTable } from '../tables/table-profile.js';
import { transformTable } from '../transforms/transform-table.js';
import { noRowsLeft } from '../transforms/transforms.errors.js';

/** What is to be imported. */
export interface ImportInput {
  /** At least one. */
  readonly files: readonly FetchedFile[];
  readonly recipe: Recipe;
  /** The version before it, which its quality is held against. */
  readonly earlier: EarlierVersion | undefined;
  /** The folder that the files lie in; whatever the import writes goes there too. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told how many rows there are as soon as that is known. */
  readonly onRows: (rowCount: number) => void;
}

/** What an import finds out about its content; the rest of a version is where it came from. */
export type ImportedContent = Pick<
  DatasetVersionContent,
  | 'kind'
  | 'recipe'
  | 'rowCount'
  | 'droppedRowCount'
  | 'columns'
  | 'sha256'
  | 'sizeBytes'
  | 'manifestDigest'
  | 'quality'
  | 'histograms'
>;

/**
 * Makes the content of a version of fetched files: a format reads them as a table, the recipe's steps apply, the snapshot
 * is written, measured, checked and stored. The same files and recipe give the same snapshot. Writes no row: what fails
 * here leaves nothing but, at worst, a blob that nobody refers to.
 */
@Injectable()
export class Importer {
  constructor(
    private readonly formats: Formats,
    private readonly tables: TableEngine,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  async import(input: ImportInput): Promise<ImportedContent> {
    const { files, recipe, earlier, folder, signal, onRows } = input;
    const format = await this.formats.find(recipe, files);
    const path = join(folder, 'snapshot.parquet');
    const measured = await this.tables.inDatabase(folder, signal, async (connection) => {
      const read = await format.toTable({ files, recipe, folder, connection, signal });
      const table = await transformTable(connection, read, recipe);
      const rowCount = await writeSnapshot(connection, table, path);
      if (rowCount === 0) throw noRowsLeft();
      onRows(rowCount);
      const { threads } = this.tables;
      const columns = await profileTable(connection, { path, columns: table.columns, rowCount, threads });
      const inspection = await inspectTable(
        connection,
        { path, columns, rowCount },
        { recipe, earlier, threads },
      );
      return { kind: table.kind, rowCount, droppedRowCount: table.droppedRowCount, columns, inspection };
    });
    signal.throwIfAborted();
    const { sha256, sizeBytes } = await this.blobs.putFile(path);
    return {
      kind: measured.kind,
      recipe,
      rowCount: String(measured.rowCount),
      droppedRowCount: String(measured.droppedRowCount),
      columns: measured.columns,
      sha256,
      sizeBytes: String(sizeBytes),
      manifestDigest: versionDigest(sha256, recipe),
      ...measured.inspection,
    };
  }
}

/** Writes the table and returns how many rows it has. */
async function writeSnapshot(
  connection: DuckDBConnection,
  { query, columns, rowCount, isInRowGroups }: TableSource,
  path: string,
): Promise<number> {
  const write = isInRowGroups ? writeRowGroups : writeParquet;
  await write(connection, query, columns.length, path);
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${parquetSource(path)}`);
  const written = Number(reader.getRows()[0]?.[0]);
  // Two readers of the same file must agree; if they ever do not, no data may come of it.
  if (rowCount !== null && written !== rowCount) {
    throw new Error(`${rowCount} rows were read but ${written} were written`);
  }
  return written;
}
