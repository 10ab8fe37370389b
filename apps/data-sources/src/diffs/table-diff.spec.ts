import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableBench } from '../../test/measured-table.js';
import type { TableBench } from '../../test/measured-table.js';
import { measureSpreads } from '../profiles/table-spreads.js';
import { diffTables } from './table-diff.js';

let bench: TableBench;

beforeAll(async () => {
  bench = await tableBench();
});

afterAll(() => bench.dispose());

async function side(select: string) {
  const table = await bench.table(select);
  return { ...table, spreads: await measureSpreads(bench.connection, table) };
}

async function diff(after: string, before: string) {
  return diffTables(bench.connection, await side(after), await side(before));
}

const rows = (...values: string[]) => `SELECT * FROM (VALUES ${values.join(', ')}) AS t (a, b)`;

describe('diffTables', () => {
  it('counts rows by content, however they are ordered', async () => {
    const result = await diff(
      rows(`(3, 'z')`, `(1, 'x')`, `(4, NULL)`, `(2, 'y')`),
      rows(`(1, 'x')`, `(2, 'y')`, `(3, 'w')`),
    );
    expect(result).toMatchObject({
      comparedColumns: ['a', 'b'],
      added: 2,
      removed: 1,
      kept: 2,
      addedRows: [
        ['3', 'z'],
        ['4', ''],
      ],
      removedRows: [['3', 'w']],
    });
  });

  it('counts copies of a row: one of three that were two is added', async () => {
    const result = await diff(
      rows(`(1, 'x')`, `(1, 'x')`, `(1, 'x')`, `(2, 'y')`),
      rows(`(1, 'x')`, `(1, 'x')`, `(2, 'y')`, `(2, 'y')`),
    );
    expect(result).toMatchObject({ added: 1, removed: 1, kept: 3, addedRows: [['1', 'x']] });
  });

  it('compares the columns that both have, and finds nothing between a table and itself', async () => {
    const result = await diff(`SELECT 1 AS a, 2 AS fresh`, `SELECT 'old' AS gone, 1 AS a`);
    expect(result).toMatchObject({ comparedColumns: ['a'], added: 0, removed: 0, kept: 1 });
    const retyped = await diff(`SELECT 1.5 :: DOUBLE AS a`, `SELECT 1 AS a`);
    expect(retyped).toMatchObject({ comparedColumns: [], added: 1, removed: 1, kept: 0 });
  });

  it('shows the first 20 rows and counts all', async () => {
    const result = await diff('SELECT i AS a FROM range(100) AS t (i)', 'SELECT -1 :: BIGINT AS a');
    expect(result).toMatchObject({ added: 100, removed: 1 });
    expect(result.addedRows).toEqual(Array.from({ length: 20 }, (_, index) => [String(index)]));
  });

  it('says how far values have moved', async () => {
    const values = (shift: number) =>
      `SELECT sin(i * 12.9898) + ${shift} AS x, 'same' AS t FROM range(500) AS t (i)`;
    const still = await diff(values(0), values(0));
    expect(still.stability.get('x')).toBe(0);
    const moved = await diff(values(1), values(0));
    expect(moved.stability.get('x')).toBeGreaterThan(0.25);
    expect(moved.stability.get('t')).toBe(0);
  });
});
