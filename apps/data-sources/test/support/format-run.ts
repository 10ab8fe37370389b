import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@duckdb/node-api';
import type { FetchedFile } from '../../src/connectors/connector.js';
import type { Format, TableSource } from '../../src/formats/format.js';
import { parseRecipe } from '../../src/recipes/recipe.js';
import { withDuckDb } from '../../src/tables/duckdb.js';
import { parquetSource, writeParquet } from '../../src/tables/parquet.js';

const LIMITS = { TABLE_MEMORY_MB: 512, TABLE_THREADS: 2 };

/** What a format made of files. */
export interface FormatRun {
  readonly table: TableSource;
  readonly rows: readonly (readonly Json[])[];
  /** Of the Parquet snapshot. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Runs a format over files of the given names and writes its table as the importer does. */
export async function runFormat(
  format: Format,
  files: Readonly<Record<string, Buffer | string>>,
  recipeJson = '',
): Promise<FormatRun> {
  const folder = await mkdtemp(join(tmpdir(), 'format-'));
  try {
    const fetched: FetchedFile[] = [];
    for (const [index, [name, content]] of Object.entries(files).entries()) {
      const path = join(folder, `file-${index}`);
      await writeFile(path, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      fetched.push({ path, name, mediaType: null, sizeBytes: Buffer.byteLength(content), sha256 });
    }
    return await withDuckDb(folder, LIMITS, async (connection) => {
      const { signal } = new AbortController();
      const table = await format.toTable({
        files: fetched,
        recipe: parseRecipe(recipeJson),
        folder,
        connection,
        signal,
      });
      const path = join(folder, 'snapshot.parquet');
      await writeParquet(connection, table.query, table.columns.length, path);
      const reader = await connection.runAndReadAll(`SELECT * FROM ${parquetSource(path)}`);
      const snapshot = await readFile(path);
      const sha256 = createHash('sha256').update(snapshot).digest('hex');
      return { table, rows: reader.getRowsJson(), sha256, sizeBytes: snapshot.length };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
