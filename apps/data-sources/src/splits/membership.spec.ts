import { createHash } from 'node:crypto';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { makeMembership } from './membership.js';
import type { SplitChoice } from './split-choice.js';
import { targetSizes } from './split-plan.js';

const ratios = { train: 0.7, validation: 0.2, test: 0.1 };
const seed = '18446744073709551615';
/** 20,000 rows, larger than several of DuckDB's chunks and row groups. */
const TABLE = `(SELECT i, (i * 7919) % 101 AS clinic, CASE WHEN i % 50 = 0 THEN NULL ELSE concat('class ', i % 7) END AS label,
  TIMESTAMP '2024-01-01' + to_minutes(CAST((i * 31) % 5000 AS BIGINT)) AS happened FROM range(20000) AS t (i))`;

const CHOICES: Readonly<Record<string, SplitChoice>> = {
  random: { strategy: 'random', ratios, seed },
  stratified: { strategy: 'stratified', column: 'label', ratios, seed },
  time: { strategy: 'time', column: 'happened', ratios },
  'time by cuts': {
    strategy: 'time',
    column: 'happened',
    cuts: { validationFrom: '2024-01-03T00:00:00.000Z', testFrom: '2024-01-04T01:00:00.000Z' },
  },
  group: { strategy: 'group', column: 'clinic', ratios, seed },
};

async function membership(table: string, choice: SplitChoice, threads = 2): Promise<number[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    await connection.run(`CREATE TABLE data AS SELECT * FROM ${table}`);
    const sizes = await makeMembership(connection, 'data', choice);
    const parts = await read(connection);
    expect(sizes).toEqual([0, 1, 2].map((part) => parts.filter((each) => each === part).length));
    return parts;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function read(connection: DuckDBConnection): Promise<number[]> {
  const reader = await connection.runAndReadAll('SELECT row_index, part FROM membership');
  const rows = reader.getRows();
  expect(rows.every(([index], place) => Number(index) === place)).toBe(true);
  return rows.map(([, part]) => Number(part));
}

const digest = (parts: readonly number[]) => createHash('sha256').update(parts.join('')).digest('hex');
const sizesOf = (parts: readonly number[]) =>
  [0, 1, 2].map((part) => parts.filter((each) => each === part).length);
const keyOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
/** A table of one column. */
const values = (...items: string[]) => `(SELECT unnest([${items.join(', ')}]) AS x)`;

describe('which row is in which part', () => {
  // These digests are a promise: whoever changes them breaks every split that has been made.
  it.each([
    ['random', '1426db14158bf3b346135c1db9053f0658f567f8bd8db052ce9185f844b42976'],
    ['stratified', 'ffcefc63394be0cb2ebbd64ca7560113c645bbb8bba033c639707d1b745e6bd6'],
    ['time', '7ee03317dbb380c55ef847f8c04041c96579acda963dadbf4bb51170aa4518e1'],
    ['time by cuts', 'd1105b9adcc275ead5cea530596fdc77b0bd809e650aba864748ee4f3f852e4e'],
    ['group', '74c6226cd7c32489dc35ab774b5d46d65fb518809ced6818bc0aa8b12eb612ba'],
  ])('%s is the same for ever, with any number of threads', async (name, golden) => {
    const choice = CHOICES[name] as SplitChoice;
    for (const threads of [1, 2, 7]) expect(digest(await membership(TABLE, choice, threads))).toBe(golden);
  });
});

describe('random', () => {
  it('is by rank of SHA-256 of seed and row', async () => {
    const ranked = Array.from({ length: 1000 }, (_, row) => ({ row, key: keyOf(`${seed}:${row}`) })).sort(
      (a, b) => (a.key < b.key ? -1 : 1),
    );
    const parts = await membership('range(1000)', { strategy: 'random', ratios, seed });
    expect(ranked.map(({ row }) => parts[row])).toEqual(
      [0, 1, 2].flatMap((part) => Array.from({ length: [700, 200, 100][part] ?? 0 }, () => part)),
    );
  });
});

describe('stratified', () => {
  it('keeps the shares within every class, rows without a value being a class of their own', async () => {
    const parts = await membership(TABLE, CHOICES.stratified as SplitChoice);
    for (const label of [null, 0, 1, 2, 3, 4, 5, 6]) {
      const rows = parts.filter((_, i) => (i % 50 === 0 ? null : i % 7) === label);
      expect(sizesOf(rows)).toEqual(targetSizes(ratios, rows.length));
    }
  });

  it('gives the only row of a class to train', async () => {
    const column = { strategy: 'stratified', column: 'x', ratios, seed } as const;
    const common = Array.from({ length: 30 }, () => "'a'");
    expect((await membership(values(...common, "'alone'"), column))[30]).toBe(0);
  });

  it('takes any type, and texts that are SQL', async () => {
    const column = { strategy: 'stratified', column: 'x', ratios, seed } as const;
    const table = values(
      ...Array.from({ length: 20 }, (_, i) => (i % 2 ? "'''; DROP TABLE data; --'" : "''")),
    );
    expect(sizesOf(await membership(table, column))).toEqual([14, 4, 2]);
    expect(sizesOf(await membership('(SELECT i % 2 = 0 AS x FROM range(20) AS t (i))', column))).toEqual([
      14, 4, 2,
    ]);
  });
});

describe('time', () => {
  it('puts no row of a later part before one of an earlier part; ties go by row', async () => {
    const table = values('3', '1', '2', '2', '2', '0', '4', '4', '5', '5');
    const choice = {
      strategy: 'time',
      column: 'x',
      ratios: { train: 0.5, validation: 0.3, test: 0.2 },
    } as const;
    expect(await membership(table, choice)).toEqual(
      [1, 0, 0, 0, 0, 0, 1, 1, 2, 2].map((part, i) => (i === 4 ? 0 : part)),
    );
  });

  it('cuts at points in time, the cut itself belonging to the later part; one part may be left out', async () => {
    const table = values(...['01', '02', '03', '04'].map((day) => `DATE '2024-05-${day}'`));
    const cut = (cuts: object) => membership(table, { strategy: 'time', column: 'x', cuts });
    expect(await cut({ validationFrom: '2024-05-02T00:00:00Z', testFrom: '2024-05-04T00:00:00Z' })).toEqual([
      0, 1, 1, 2,
    ]);
    expect(await cut({ testFrom: '2024-05-03T00:00:00Z' })).toEqual([0, 0, 2, 2]);
  });

  it('refuses rows without a time, columns without an order in time, and cuts of numbers', async () => {
    const refused = { code: 'data_sources.split_column_invalid' };
    const by = (table: string) => membership(table, { strategy: 'time', column: 'x', ratios });
    await expect(by(values('1', 'NULL', '3'))).rejects.toThrow(/1 row has no value/);
    await expect(by(values("'a'", "'b'"))).rejects.toMatchObject(refused);
    await expect(
      membership(values('1', '2'), {
        strategy: 'time',
        column: 'x',
        cuts: { testFrom: '2024-01-01T00:00:00Z' },
      }),
    ).rejects.toMatchObject(refused);
    await expect(membership(values('1'), { strategy: 'time', column: 'y', ratios })).rejects.toThrow(
      /no column "y"/,
    );
  });
});

describe('group', () => {
  it('never parts a group, and comes near the ratios', async () => {
    const parts = await membership(TABLE, CHOICES.group as SplitChoice);
    const partsOf = new Map<number, Set<number>>();
    parts.forEach((part, i) => {
      const clinic = (i * 7919) % 101;
      partsOf.set(clinic, (partsOf.get(clinic) ?? new Set()).add(part));
    });
    expect([...partsOf.values()].every((set) => set.size === 1)).toBe(true);
    sizesOf(parts).forEach((size, part) => {
      expect(Math.abs(size - (targetSizes(ratios, 20_000)[part] ?? 0))).toBeLessThan(20_000 / 101);
    });
  });

  it('gives a group that is larger than any share one place, and shares out the others', async () => {
    const table = values(...Array.from({ length: 100 }, (_, i) => (i < 90 ? "'huge'" : `'${i}'`)));
    const parts = await membership(table, { strategy: 'group', column: 'x', ratios, seed: '1' });
    expect(new Set(parts.slice(0, 90))).toEqual(new Set([0]));
    const [, validation = 0, test = 0] = sizesOf(parts);
    expect(Math.min(validation, test)).toBeGreaterThan(0);
  });

  it('places every group however many there are', async () => {
    const choice = { strategy: 'group', column: 'x', ratios, seed: '1' } as const;
    const parts = await membership('(SELECT i // 2 AS x FROM range(500000) AS t (i))', choice);
    expect(parts.every((part, i) => part === parts[i - (i % 2)])).toBe(true);
    expect(sizesOf(parts)).toEqual([350_000, 100_000, 50_000]);
  });

  it('takes rows without a value as one group', async () => {
    const table = values(...Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 'NULL' : String(i))));
    const parts = await membership(table, { strategy: 'group', column: 'x', ratios, seed: '1' });
    expect(new Set(parts.filter((_, i) => i % 4 === 0)).size).toBe(1);
  });
});
