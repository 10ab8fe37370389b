import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Transform } from '@aimass/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { transformRows } from './row-transforms.js';
import { columnsOf } from './typed-column.js';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run(`CREATE TABLE t AS SELECT * FROM (VALUES
    (1::BIGINT, 1.5, '10', 'a', true, DATE '2024-01-31', TIMESTAMP '2024-01-31 10:00:00'),
    (2, NULL, '-3', '', false, DATE '2024-02-29', TIMESTAMP '2024-02-29 11:30:00'),
    (3, 'NaN'::DOUBLE, '7.5', 'c', NULL, NULL, NULL)) AS v (i, d, s, t, b, day, "at")`);
});

async function rows(...steps: Transform[]): Promise<Record<string, unknown>[]> {
  const columns = await columnsOf(connection, 't');
  const { query, columns: after } = await transformRows(connection, { relation: 't', columns }, steps);
  expect(after).toEqual(await columnsOf(connection, `(${query})`));
  return (await connection.runAndReadAll(query)).getRowObjectsJson();
}

const refused = { code: 'data_sources.transform_invalid', kind: 'invalid' };

describe('select, drop and rename', () => {
  it('takes columns in the order of the step, drops and renames, also two for one another', async () => {
    expect(await rows({ select: ['t', 'i'] }, { rename: { t: 'i', i: 't' } })).toEqual([
      { i: 'a', t: '1' },
      { i: '', t: '2' },
      { i: 'c', t: '3' },
    ]);
    expect(Object.keys((await rows({ drop: ['i', 'd', 's', 'b'] }))[0] ?? {})).toEqual(['t', 'day', 'at']);
  });

  it('refuses absent columns, names twice in any case, and to leave no column, and says which step', async () => {
    await expect(rows({ drop: ['i'] }, { select: ['i'] })).rejects.toMatchObject({
      ...refused,
      violations: [{ path: 'recipe.transforms.1.select.0' }],
    });
    await expect(rows({ rename: { i: 'D' } })).rejects.toMatchObject(refused);
    await expect(rows({ rename: { i: '  ' } })).rejects.toMatchObject(refused);
    await expect(rows({ rename: { i: 'a\u0000' } })).rejects.toMatchObject(refused);
    await expect(rows({ select: ['i', 'i'] })).rejects.toMatchObject(refused);
    await expect(rows({ select: ['i'] }, { drop: ['i'] })).rejects.toThrow(/leaves no column/);
  });
});

describe('filter', () => {
  const kept = async (filter: Extract<Transform, { filter: unknown }>['filter']) =>
    (await rows({ filter }, { select: ['i'] })).map(({ i }) => Number(i));

  it('treats NaN and empty text as missing, which meets nothing but isNull', async () => {
    expect(await kept({ column: 'd', op: 'isNull' })).toEqual([2, 3]);
    expect(await kept({ column: 't', op: 'isNotNull' })).toEqual([1, 3]);
    expect(await kept({ column: 'd', op: '!=', value: 9 })).toEqual([1]);
    expect(await kept({ not: { column: 'd', op: '=', value: 1.5 } })).toEqual([2, 3]);
  });

  it('compares days, times, booleans, and whole numbers without rounding', async () => {
    expect(await kept({ column: 'day', op: '>=', value: '2024-02-01' })).toEqual([2]);
    expect(await kept({ column: 'at', op: '<', value: '2024-01-31T11:30:00+01:30' })).toEqual([]);
    expect(await kept({ column: 'at', op: '<=', value: '2024-01-31T11:30:00+01:30' })).toEqual([1]);
    expect(await kept({ column: 'b', op: '=', value: false })).toEqual([2]);
    expect(await kept({ column: 'i', op: '<', value: '9007199254740993' })).toEqual([1, 2, 3]);
    expect(await kept({ column: 'i', op: '>', value: 1.5 })).toEqual([2, 3]);
  });

  it('refuses values that do not go with the column, and days that do not exist', async () => {
    await expect(kept({ column: 'i', op: '=', value: 'x' })).rejects.toMatchObject(refused);
    await expect(kept({ column: 's', op: '=', value: 1 })).rejects.toMatchObject(refused);
    await expect(kept({ column: 's', op: '=', value: '\u0000' })).rejects.toMatchObject(refused);
    await expect(kept({ column: 's', op: 'contains', value: '\u0000' })).rejects.toMatchObject(refused);
    await expect(kept({ column: 'day', op: '>', value: '2024-02-30' })).rejects.toMatchObject(refused);
    await expect(kept({ column: 'at', op: '>', value: 'now' })).rejects.toMatchObject(refused);
    await expect(kept({ column: 'i', op: 'contains', value: '1' })).rejects.toThrow(/needs a text/);
  });
});

describe('cast', () => {
  it('names the first row that would lose its value, counted in the source whatever was filtered before', async () => {
    const error = { code: 'data_sources.cast_failed', violations: [{ path: 'recipe.transforms.1.cast.s' }] };
    const cast = rows({ filter: { column: 'i', op: '>', value: 1 } }, { cast: { s: 'integer' } });
    await expect(cast).rejects.toMatchObject(error);
    await expect(cast).rejects.toThrow(/Row 3 has "7.5" in column "s"/);
  });

  it('casts what keeps its value, and keeps missing values missing', async () => {
    const [first, second] = await rows(
      { filter: { column: 'i', op: '<', value: 3 } },
      { cast: { s: 'integer', i: 'double', b: 'integer', day: 'timestamp', at: 'date', d: 'text' } },
      { select: ['s', 'i', 'b', 'day', 'at', 'd'] },
    );
    expect(first).toEqual({ s: '10', i: 1, b: '1', day: '2024-01-31 00:00:00', at: '2024-01-31', d: '1.5' });
    expect(second).toMatchObject({ s: '-3', b: '0', d: null });
  });

  it('refuses what only looks like a number, a fraction as integer, and casts without a meaning', async () => {
    for (const [text, type] of [
      ['1_000', 'integer'],
      ['0x1F', 'integer'],
      ['1e999', 'double'],
      ['inf', 'double'],
      ['yes', 'boolean'],
      ['2024-13-01', 'date'],
      ['tomorrow', 'timestamp'],
    ] as const) {
      const relation = `(SELECT '${text}' AS s)`;
      const columns = [{ name: 's', type: 'VARCHAR' }];
      const cast = transformRows(connection, { relation, columns }, [{ cast: { s: type } }]);
      await expect(cast, text).rejects.toMatchObject({ code: 'data_sources.cast_failed' });
    }
    await expect(rows({ cast: { d: 'integer' } })).rejects.toThrow(/Row 1 has "1.5"/);
    await expect(rows({ cast: { i: 'date' } })).rejects.toMatchObject(refused);
  });
});

describe('fill with a constant', () => {
  it('fills what is missing and nothing else', async () => {
    const filled = await rows(
      { fill: { d: 0, t: { value: 'mean' }, b: true, day: '2020-01-01' } },
      { select: ['d', 't', 'b', 'day'] },
    );
    expect(filled).toEqual([
      { d: 1.5, t: 'a', b: true, day: '2024-01-31' },
      { d: 0, t: 'mean', b: false, day: '2024-02-29' },
      { d: 0, t: 'c', b: true, day: '2020-01-01' },
    ]);
  });

  it('refuses a value of another type', async () => {
    await expect(rows({ fill: { i: 1.5 } })).rejects.toMatchObject(refused);
    await expect(rows({ fill: { d: '0' } })).rejects.toMatchObject(refused);
  });
});
