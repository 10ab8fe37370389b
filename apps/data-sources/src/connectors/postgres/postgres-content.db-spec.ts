import { describe, expect, it } from 'vitest';
import {
  connector,
  database,
  failure,
  fetchFrom,
  never,
  newSink,
  origin,
  read,
  useSourceDatabase,
  where,
} from '../../../test/postgres-source.js';

useSourceDatabase();

describe('what a PostgreSQL source brings', () => {
  it('keeps types, missing values and the order of rows', async () => {
    await database.query(`CREATE TABLE kinds (id int, big bigint, ratio double precision, exact numeric(20,4),
      free numeric, flag boolean, name text, day date, at timestamp, moment timestamptz, doc jsonb, raw bytea,
      tags text[], grid int[], mood uuid)`);
    await database.query(`INSERT INTO kinds VALUES
      (1, 9007199254740993, 0.1, 1234567890123456.7891, 2.5, true, 'a "quoted", \\N line
two', '2024-02-29', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00+02', '{"a": [1, null]}', '\\x00ff10',
        ARRAY['x', NULL, 'a"b'], ARRAY[[1,2],[3,4]], '00000000-0000-0000-0000-000000000001'),
      (2, NULL, 'NaN', NULL, NULL, false, '', NULL, NULL, NULL, NULL, '', '{}', NULL, NULL),
      (3, -1, '-Infinity', -0.5, 1e300, NULL, NULL, '0001-01-01', NULL, NULL, '"text"', NULL, NULL, NULL, NULL)`);
    const { names, types, rows } = await read({ query: 'SELECT * FROM kinds ORDER BY id' });
    expect(Object.fromEntries(names.map((name, index) => [name, types[index]]))).toEqual({
      id: 'BIGINT',
      big: 'BIGINT',
      ratio: 'DOUBLE',
      exact: 'DECIMAL(20,4)',
      free: 'DOUBLE',
      flag: 'BOOLEAN',
      name: 'VARCHAR',
      day: 'DATE',
      at: 'TIMESTAMP',
      moment: 'TIMESTAMP',
      doc: 'VARCHAR',
      raw: 'VARCHAR',
      tags: 'VARCHAR',
      grid: 'VARCHAR',
      mood: 'VARCHAR',
    });
    expect(rows).toEqual([
      [
        '1',
        '9007199254740993',
        0.1,
        '1234567890123456.7891',
        2.5,
        true,
        'a "quoted", \\N line\ntwo',
        '2024-02-29',
        '2024-02-29 12:00:00.123456',
        '2024-02-29 10:00:00',
        '{"a": [1, null]}',
        'AP8Q',
        '["x",null,"a\\"b"]',
        '[[1,2],[3,4]]',
        '00000000-0000-0000-0000-000000000001',
      ],
      ['2', null, 'NaN', null, null, false, '', null, null, null, null, '', '[]', null, null],
      [
        '3',
        '-1',
        '-Infinity',
        '-0.5000',
        1e300,
        null,
        null,
        '0001-01-01',
        null,
        null,
        '"text"',
        null,
        null,
        null,
        null,
      ],
    ]);
  });

  it('keeps a column as text, or as double, when a value does not fit its type', async () => {
    const { types, rows } = await read({
      query: `SELECT * FROM (VALUES (date '2024-01-01', 1.5::numeric(4,2), timestamp '2024-01-01'),
        ('infinity', 'NaN', '0044-03-15 12:00:00 BC')) AS t (day, amount, at)`,
    });
    expect(types).toEqual(['VARCHAR', 'DOUBLE', 'VARCHAR']);
    expect(rows).toEqual([
      ['2024-01-01', 1.5, '2024-01-01 00:00:00'],
      ['infinity', 'NaN', '0044-03-15 12:00:00 BC'],
    ]);
  });

  it('reads a table or view by its name, and an empty one too', async () => {
    await database.query('CREATE SCHEMA shop; CREATE TABLE shop."Order ""Lines""" (id int)');
    await database.query('CREATE VIEW plain AS SELECT 1 AS one');
    expect(await read({ table: 'PLAIN' })).toMatchObject({ names: ['one'], rows: [['1']] });
    const empty = await read({ table: 'shop."Order ""Lines"""' });
    expect(empty).toEqual({ names: ['id'], types: ['BIGINT'], rows: [] });
  });

  it('makes the same bytes of the same rows, and says where they are from', async () => {
    const query = 'SELECT n, md5(n::text) AS digest FROM generate_series(1, 5000) AS n';
    const sink = await newSink();
    const { files, location, validator } = await connector().fetch(origin({ query }), sink, never);
    expect(files).toMatchObject([{ name: 'query.parquet', mediaType: 'application/vnd.apache.parquet' }]);
    expect((await fetchFrom({ query })).sha256).toBe(files[0]?.sha256);
    expect(location).toBe(`postgres://127.0.0.1:${where.port}/${where.database} (query)`);
    expect(validator).toBeNull();
  });

  it('holds a row of many megabytes, and refuses one that is too large', async () => {
    const { rows } = await read({ query: "SELECT repeat('ä', 3000000) AS long UNION ALL SELECT 'short'" });
    expect(rows.map(([text]) => (text as string).length).sort((a, b) => a - b)).toEqual([5, 3_000_000]);
    const refused = await failure(fetchFrom({ query: "SELECT repeat('x', 20000000) AS huge" }));
    expect(refused).toMatchObject({ kind: 'too_large', code: 'data_sources.query_row_too_large' });
  });

  it('reads two million rows in constant memory', async () => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const query =
      "SELECT n, n * 0.5::float8 AS half, 'a text of some length ' || n AS text FROM generate_series(1, 2000000) n";
    const { sizeBytes } = await fetchFrom({ query }).finally(() => {
      clearInterval(watch);
    });
    expect(sizeBytes).toBeGreaterThan(1_000_000);
    expect(peak - before).toBeLessThan(400 * 1024 * 1024);
  });

  it('says in a check what it would read, without reading a row', async () => {
    // Reading a row would fail.
    const query = 'SELECT 1 / (n - n) AS x FROM generate_series(1, 3) AS n';
    const listing = await connector().check(origin({ query }), never);
    expect(listing).toEqual({
      entries: [{ name: 'query', sizeBytes: null, mediaType: null }],
      hasMore: false,
    });
  });
});
