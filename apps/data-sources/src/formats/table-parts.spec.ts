import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withDuckDb } from '../tables/duckdb.js';
import { parquetSource, writeParquet } from '../tables/parquet.js';
import { TableParts } from './table-parts.js';

const MiB = 1024 * 1024;

it('keeps the row groups of large rows small, so that 300 MiB of them fit a database of 160 MB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parts-'));
  try {
    const limits = { TABLE_MEMORY_MB: 160, TABLE_THREADS: 2 };
    const groups = await withDuckDb(folder, limits, async (connection) => {
      const parts = new TableParts(connection, folder, 'i BIGINT, bytes BLOB');
      const bytes = Buffer.alloc(MiB, 'x');
      for (let i = 0; i < 300; i++) {
        await parts.add(1, bytes.length, (appender) => {
          appender.appendBigInt(BigInt(i));
          appender.appendBlob(bytes);
          appender.endRow();
        });
      }
      const path = join(folder, 'snapshot.parquet');
      await writeParquet(connection, `SELECT i, bytes FROM ${await parts.source()}`, 2, path);
      const order = await connection.runAndReadAll(
        `SELECT list(i) FROM (SELECT i FROM ${parquetSource(path)})`,
      );
      expect(order.getRowsJson()[0]?.[0]).toEqual(Array.from({ length: 300 }, (_, i) => String(i)));
      const reader = await connection.runAndReadAll(
        `SELECT row_group_num_rows FROM parquet_metadata('${path}') WHERE column_id = 0`,
      );
      return reader.getRows().map(([rows]) => Number(rows));
    });
    expect(groups).toEqual([...new Array<number>(9).fill(32), 12]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
