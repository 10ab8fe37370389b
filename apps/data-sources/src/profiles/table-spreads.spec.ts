import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableBench } from '../../test/measured-table.js';
import type { TableBench } from '../../test/measured-table.js';
import { measureSpreads } from './table-spreads.js';

let bench: TableBench;

beforeAll(async () => {
  bench = await tableBench();
});

afterAll(() => bench.dispose());

async function spreadOf(select: string) {
  const [spread] = await measureSpreads(bench.connection, await bench.table(select));
  if (!spread) throw new Error('no column');
  return spread;
}

describe('the histogram of a column', () => {
  it('has 20 bins of equal width, the last one with the largest value', async () => {
    const { histogram } = await spreadOf('SELECT CAST(i AS DOUBLE) / 10 AS x FROM range(201) AS t (i)');
    expect(histogram).toHaveLength(20);
    expect(histogram[0]).toEqual({ lower: '0', upper: '1', count: 10 });
    expect(histogram[19]).toEqual({ lower: '19', upper: '20', count: 11 });
    expect(histogram.every(({ count }) => count === 10 || count === 11)).toBe(true);
  });

  it('has whole bins for whole numbers, one per number of a small range', async () => {
    const few = await spreadOf('SELECT i % 3 + 5 AS x FROM range(10) AS t (i)');
    expect(few.histogram).toEqual([
      { lower: '5', upper: '6', count: 4 },
      { lower: '6', upper: '7', count: 3 },
      { lower: '7', upper: '7', count: 3 },
    ]);
    const many = await spreadOf('SELECT i AS x FROM range(100) AS t (i)');
    expect(many.histogram.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, () => 5));
  });

  it('leaves out NaN and infinite values, and counts them', async () => {
    const spread = await spreadOf(
      `SELECT unnest([1.0, 2.0, 3.0, NULL, 'nan' :: DOUBLE, 'inf' :: DOUBLE, '-inf' :: DOUBLE]) :: DOUBLE AS x`,
    );
    expect(spread).toMatchObject({ nanCount: 1, infiniteCount: 2 });
    expect(spread.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(spread.histogram[0]?.lower).toBe('1');
    expect(spread.histogram.at(-1)?.upper).toBe('3');
  });

  it('holds the largest doubles, whose distance is none', async () => {
    const { histogram } = await spreadOf('SELECT unnest([-1.7e308, 0.0, 1.7e308]) :: DOUBLE AS x');
    expect(histogram.filter(({ count }) => count > 0).map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(histogram[0]?.lower).toBe('-1.7e+308');
  });

  it('is one bar for one value, and none for no value', async () => {
    expect((await spreadOf('SELECT 4.5 :: DOUBLE AS x FROM range(3)')).histogram).toEqual([
      { lower: '4.5', upper: '4.5', count: 3 },
    ]);
    expect((await spreadOf('SELECT CAST(NULL AS DOUBLE) AS x FROM range(3)')).histogram).toEqual([]);
  });

  it.each(['DATE', 'TIMESTAMP'])('has bins of equal time for %s', async (kind) => {
    const { histogram } = await spreadOf(
      `SELECT CAST(DATE '2024-01-01' + CAST(i AS INTEGER) AS ${kind}) AS x FROM range(21) AS t (i)`,
    );
    expect(histogram[0]).toEqual({
      lower: '2024-01-01T00:00:00.000Z',
      upper: '2024-01-02T00:00:00.000Z',
      count: 1,
    });
    expect(histogram[19]).toMatchObject({ upper: '2024-01-21T00:00:00.000Z', count: 2 });
  });
});

describe('the most frequent values of a column', () => {
  it('are counted, ties in the order of their bytes, with the lengths of texts', async () => {
    const spread = await spreadOf(`SELECT unnest(['b', 'a', 'b', 'ccc', 'a', NULL]) AS t`);
    expect(spread.topValues).toEqual([
      { value: 'a', count: 2 },
      { value: 'b', count: 2 },
      { value: 'ccc', count: 1 },
    ]);
    expect(spread).toMatchObject({ otherCount: 0, lengths: { min: 1, max: 3, mean: 1.4 }, histogram: [] });
  });

  it('are 20 at most, and the others are counted', async () => {
    const spread = await spreadOf(`SELECT 'v' || (i % 1500) AS t FROM range(3001) AS t (i)`);
    expect(spread.topValues).toHaveLength(20);
    expect(spread.topValues[0]).toEqual({ value: 'v0', count: 3 });
    expect(spread.otherCount).toBe(3001 - 3 - 19 * 2);
  });

  it('are cut at 256 characters', async () => {
    const { topValues } = await spreadOf(`SELECT repeat('é', 300) AS t`);
    expect(topValues).toEqual([{ value: 'é'.repeat(256), count: 1 }]);
  });

  it('are counted for booleans', async () => {
    expect((await spreadOf('SELECT i > 1 AS b FROM range(5) AS t (i)')).topValues).toEqual([
      { value: 'true', count: 3 },
      { value: 'false', count: 2 },
    ]);
  });
});
