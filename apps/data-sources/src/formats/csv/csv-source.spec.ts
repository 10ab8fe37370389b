import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withDuckDb } from '../../tables/duckdb.js';
import { writeParquet, writeRowGroups } from '../../tables/parquet.js';
import { readCsv } from './csv-reader.js';
import { csvSource } from './csv-source.js';

const dialect = { separator: ','.charCodeAt(0), quote: '"'.charCodeAt(0), hasHeader: true };

/** Enough for two row groups and one row, each group larger than what DuckDB reads at a time. */
function someText(): Buffer {
  const rows = Array.from({ length: 245_761 }, (_, index) => `${index},${'x'.repeat(60 + (index % 41))}\n`);
  return Buffer.from(`id,text\n${rows.join('')}`);
}

it('rows become the same snapshot with any number of threads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'csv-source-'));
  try {
    let rest = someText();
    const text = {
      read: (target: Buffer, offset: number, length: number) => {
        const count = rest.copy(target, offset, 0, length);
        rest = rest.subarray(count);
        return Promise.resolve(count);
      },
    };
    const { paths } = await readCsv(text, dialect, { folder, signal: AbortSignal.timeout(15_000) });
    const query = `SELECT c0 AS id, c1 AS text FROM ${csvSource({ paths, dialect }, ['BIGINT', 'VARCHAR'], [])}`;
    const digestWith = async (threads: number, write: typeof writeParquet): Promise<string> => {
      const path = join(folder, `${threads}-${write.name}.parquet`);
      await withDuckDb(folder, { TABLE_MEMORY_MB: 512, TABLE_THREADS: threads }, (connection) =>
        write(connection, query, 2, path),
      );
      return createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    };
    const alone = await digestWith(1, writeParquet);
    for (const threads of [2, 3, 5]) expect(await digestWith(threads, writeRowGroups)).toBe(alone);
  } finally {
    await rm(folder, { recursive: true });
  }
});
