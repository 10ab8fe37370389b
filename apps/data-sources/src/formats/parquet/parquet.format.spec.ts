import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runFormat } from '../../../test/support/format-run.js';
import { withDuckDb } from '../../tables/duckdb.js';
import { ParquetFormat } from './parquet.format.js';

/** 200 rows of 14 types, written by pyarrow 26 with three compressions and encodings. */
const foreign = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/parquet-files.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const foreignFile = (name: string) => Buffer.from(foreign[name] ?? '', 'base64');
const run = (...files: Buffer[]) =>
  runFormat(new ParquetFormat(), Object.fromEntries(files.map((file, index) => [`${index}.parquet`, file])));

/** A Parquet file of a query, as DuckDB writes it. */
async function parquetOf(query: string, options = ''): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  try {
    const path = join(folder, 'x.parquet');
    await withDuckDb(folder, { TABLE_MEMORY_MB: 256, TABLE_THREADS: 1 }, async (connection) => {
      await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
    });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function refused(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await expect(work).rejects.toMatchObject({ code: `data_sources.${code}`, kind: 'unprocessable' });
  await expect(work).rejects.toThrow(message);
}

describe('a Parquet file', () => {
  it.each(Object.keys(foreign))('of another writer is read type by type: %s', async (name) => {
    const { table, rows } = await run(foreignFile(name));
    expect(table).toMatchObject({ kind: 'table', rowCount: 200 });
    expect(Object.fromEntries(table.columns.map((column) => [column.name, column.kind]))).toEqual({
      i8: 'BIGINT',
      u64: 'VARCHAR',
      f: 'DOUBLE',
      s: 'VARCHAR',
      d: 'DATE',
      ts: 'TIMESTAMP',
      tz: 'TIMESTAMP',
      dec: 'DOUBLE',
      b: 'BOOLEAN',
      bin: 'BLOB',
      l: 'LIST',
      st: 'VARCHAR',
      dict: 'VARCHAR',
      m: 'VARCHAR',
    });
    expect(table.columns[10]?.tensor).toEqual({ datatype: 'FP64', shape: [3] });
    expect(rows[5]?.slice(0, 2)).toEqual(['5', '9223372036854775813']);
    expect(rows[3]).toEqual([
      '3',
      '3',
      1,
      'text 3',
      '2020-01-04',
      '2020-01-01 00:00:03',
      '2020-01-01 00:00:03',
      3.75,
      false,
      '\\x00\\x01',
      [0, 1, 2],
      '{"x":3,"y":["a"]}',
      'b',
      '{"k":1}',
    ]);
  });

  it.each([
    ['18446744073709551615::UBIGINT', 'VARCHAR', '18446744073709551615'],
    ['5::UBIGINT', 'BIGINT', '5'],
    ['-170141183460469231731687303715884105727::HUGEINT', 'DOUBLE', -1.7014118346046923e38],
    ['12345678901234567890::DECIMAL(38,0)', 'VARCHAR', '12345678901234567890'],
    ['7::DECIMAL(9,0)', 'BIGINT', '7'],
    ['0.10::DECIMAL(9,2)', 'DOUBLE', 0.1],
    [`'NaN'::DOUBLE`, 'DOUBLE', null],
    [`'-Infinity'::FLOAT`, 'DOUBLE', '-Infinity'],
    [`'10:11:12'::TIME`, 'VARCHAR', '10:11:12'],
    [`'2020-01-01 10:00:00+02'::TIMESTAMPTZ`, 'TIMESTAMP', '2020-01-01 08:00:00'],
    [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID`, 'VARCHAR', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['[1, NULL, 3]', 'VARCHAR', '[1,null,3]'],
    ['[1.5::FLOAT, 2]', 'LIST', [1.5, 2]],
    ['[]::INTEGER[]', 'VARCHAR', '[]'],
    ['[[1], [2]]', 'VARCHAR', '[[1],[2]]'],
    ['NULL::INTEGER[]', 'VARCHAR', null],
  ])('holds %s as %s', async (value, kind, expected) => {
    const { table, rows } = await run(await parquetOf(`SELECT ${value} AS x`));
    expect(table.columns[0]?.kind).toBe(kind);
    expect(rows).toEqual([[expected]]);
  });

  it('keeps vectors apart from lists of several lengths', async () => {
    const { table } = await run(
      await parquetOf('SELECT [i, i] AS vector, range(i) AS list FROM range(1, 5) AS t (i)'),
    );
    expect(table.columns).toEqual([
      { name: 'vector', kind: 'LIST', tensor: { datatype: 'INT64', shape: [2] } },
      { name: 'list', kind: 'VARCHAR' },
    ]);
  });

  it('gives the same snapshot however it was compressed and cut into row groups', async () => {
    const query = `SELECT i, 'text ' || i AS t FROM range(130000) AS r (i)`;
    const one = await run(await parquetOf(query));
    const other = await run(await parquetOf(query, ', COMPRESSION gzip, ROW_GROUP_SIZE 10000'));
    expect(other.sha256).toBe(one.sha256);
    expect(one.rows[129_999]).toEqual(['129999', 'text 129999']);
  });

  it('of several is read as one, in order, when all have the same columns', async () => {
    const [one, two, other] = await Promise.all(
      ['1 AS a', '2 AS a', `'x' AS a`].map((values) => parquetOf(`SELECT ${values}`)),
    );
    if (!one || !two || !other) throw new Error('no files');
    expect((await run(one, two)).rows).toEqual([['1'], ['2']]);
    await refused(
      run(one, other),
      'parquet_schemas_differ',
      /"1.parquet" has other columns than "0.parquet"/,
    );
  });

  it('takes names as data, whatever SQL they look like', async () => {
    const name = `"); DROP TABLE x; --'`;
    const file = await parquetOf(
      `SELECT 1 AS "${name.replaceAll('"', '""')}", [2] AS "a""b", 3::UBIGINT AS "';"`,
    );
    const { table, rows } = await run(file);
    expect(table.columns.map((column) => column.name)).toEqual([name, 'a"b', `';`]);
    expect(rows).toEqual([['1', ['2'], '3']].map(([a, b, c]) => [a, (b as string[]).map(Number), c]));
  });
});

describe('a Parquet file that lies', () => {
  const good = foreignFile('pa-zstd');
  const footerBytes = good.readUInt32LE(good.length - 8);
  const withFooterBytes = (length: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(length, bytes.length - 8);
    return bytes;
  };

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /cut/],
    ['its start alone', Buffer.from('PAR1'), /cut/],
    ['its ends alone', Buffer.from('PAR1\0\0\0\0PAR1'), /footer/],
    ['no end', good.subarray(0, -1), /cut/],
    ['half of it', good.subarray(0, good.length / 2), /cut/],
    ['a footer longer than the file', withFooterBytes(good.length), /footer does not fit/],
    ['a footer of 4 GiB', withFooterBytes(0xffffffff), /footer does not fit/],
    ['a footer that starts too late', withFooterBytes(footerBytes - 7), /no sound Parquet file/],
    ['a footer that starts too early', withFooterBytes(footerBytes + 9), /no sound Parquet file/],
    ['no content before its footer', cutContent(good, footerBytes), /no sound Parquet file/],
    ['an encrypted footer', Buffer.concat([good.subarray(0, -4), Buffer.from('PARE')]), /encrypted/],
    [
      'text between its ends',
      Buffer.from(`PAR1${'text '.repeat(100)}\x10\0\0\0PAR1`),
      /no sound Parquet file/,
    ],
  ])('with %s is refused, and no path of this machine is told', async (_, bytes, message) => {
    await refused(run(bytes), 'parquet_broken', message);
    await expect(run(bytes)).rejects.not.toThrow(new RegExp(tmpdir()));
  });

  it('without rows, or with columns of one name, is refused', async () => {
    await refused(run(await parquetOf('SELECT 1 AS a WHERE false')), 'parquet_no_rows', /no rows/);
  });

  it('is refused or read whatever bits are flipped, and nothing crashes', async () => {
    const files = Object.keys(foreign).map(foreignFile);
    const outcomes = await outcomesOf(
      Array.from({ length: 500 }, (_, round) => mutantOf(files[round % files.length] ?? good, round)),
    );
    const foreseen = /^(read|data_sources\.(parquet_|column_name_|table_too_large))/;
    expect([...outcomes.keys()].filter((outcome) => !foreseen.test(outcome))).toEqual([]);
    expect(outcomes.get('data_sources.parquet_broken')).toBeGreaterThan(100);
    expect(outcomes.get('read')).toBeGreaterThan(100);
  }, 120_000);
});

/** The footer as it was, and nothing of what it speaks of. */
function cutContent(file: Buffer, footerBytes: number): Buffer {
  return Buffer.concat([Buffer.from('PAR1'), file.subarray(file.length - 8 - footerBytes)]);
}

/** The file with up to four bytes changed: in its footer in even rounds, before it in odd ones. */
function mutantOf(file: Buffer, round: number): Buffer {
  let seed = round + 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const mutant = Buffer.from(file);
  const footer = mutant.length - 8 - mutant.readUInt32LE(mutant.length - 8);
  for (let flips = 0; flips <= random(4); flips++) {
    const at = round % 2 === 0 ? footer + random(mutant.length - 4 - footer) : 4 + random(footer - 4);
    mutant[at] = random(256);
  }
  return mutant;
}

/** How often reading the files ended how. */
async function outcomesOf(files: readonly Buffer[]): Promise<Map<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  const outcomes = new Map<string, number>();
  const { signal } = new AbortController();
  const format = new ParquetFormat();
  try {
    await withDuckDb(folder, { TABLE_MEMORY_MB: 512, TABLE_THREADS: 2 }, async (connection) => {
      for (const [index, bytes] of files.entries()) {
        const path = join(folder, String(index));
        await writeFile(path, bytes);
        const file = { path, name: 'a.parquet', mediaType: null, sizeBytes: bytes.length, sha256: '' };
        const outcome = await format.toTable({ files: [file], recipe: {}, folder, connection, signal }).then(
          () => 'read',
          (error: unknown) => (error as { code?: string }).code ?? String(error),
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        await rm(path);
      }
    });
  } finally {
    await rm(folder, { recursive: true });
  }
  return outcomes;
}
