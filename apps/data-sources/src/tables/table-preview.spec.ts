import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteText } from './sql.js';
import { previewTable } from './table-preview.js';

let folder: string;
let connection: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-preview-'));
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});

afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});

async function preview(select: string, offset: number, limit: number) {
  const path = join(folder, 'table.parquet');
  await connection.run(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`);
  return previewTable(connection, path, { offset, limit });
}

describe('previewTable', () => {
  it('shows every value as text and as what it is, and a missing one as null', async () => {
    const shown = await preview(
      `SELECT 1.5 :: DOUBLE AS d, 7 :: BIGINT AS i, 9007199254740993 :: BIGINT AS big, true AS b, 'x"y' AS t,
        DATE '2020-02-29' AS day, NULL :: DOUBLE AS gone, 'inf' :: DOUBLE AS endless, [1.0, 2.5] :: DOUBLE[] AS list,
        'abc' :: BLOB AS file`,
      0,
      5,
    );
    expect(shown.columns).toEqual(['d', 'i', 'big', 'b', 't', 'day', 'gone', 'endless', 'list', 'file']);
    expect(shown.rows).toEqual([
      ['1.5', '7', '9007199254740993', 'true', 'x"y', '2020-02-29', '', 'inf', '[1.0, 2.5]', '3 bytes'],
    ]);
    expect(shown.typedRows).toEqual([
      [1.5, 7, '9007199254740993', true, 'x"y', '2020-02-29', null, 'Infinity', [1, 2.5], '3 bytes'],
    ]);
  });

  it('skips rows in file order and ends with the table', async () => {
    const ofTen = 'SELECT i FROM range(10) AS t (i)';
    expect((await preview(ofTen, 3, 2)).typedRows).toEqual([[3], [4]]);
    expect((await preview(ofTen, 9, 5)).rows).toEqual([['9']]);
    expect((await preview(ofTen, 10, 5)).rows).toEqual([]);
  });
});
