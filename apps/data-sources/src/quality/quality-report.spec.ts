import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableBench } from '../../test/measured-table.js';
import type { TableBench } from '../../test/measured-table.js';
import { measureSpreads } from '../profiles/table-spreads.js';
import { uncheckedColumns } from './checks/columns.js';
import type { EarlierVersion } from './checks/drift.js';
import type { CheckName } from './finding.js';
import { checkQuality } from './quality-report.js';

let bench: TableBench;

beforeAll(async () => {
  bench = await tableBench();
});

afterAll(() => bench.dispose());

async function inspect(select: string, against: { target?: string; earlier?: EarlierVersion } = {}) {
  const table = await bench.table(select);
  const spreads = await measureSpreads(bench.connection, table);
  const { report, references } = await checkQuality(bench.connection, { ...table, spreads, ...against });
  const of = (check: CheckName) => report.findings.filter((one) => one.check === check);
  return { report, references, of, columns: table.columns };
}

/** A table without anything to find, with more columns. */
const plain = (more: string, rows = 200) =>
  `SELECT sin(i * 12.9898) * 43.7 AS noise, ${more} FROM range(${rows}) AS t (i)`;

describe('checkQuality', () => {
  it('finds nothing in a table of noise', async () => {
    const { report } = await inspect(plain('cos(i * 78.233) * 12.3 AS other'));
    expect(report.findings).toEqual([]);
    expect(report.checks).not.toContain('target_leakage');
    expect(report.sampledRowCount).toBe(200);
  });

  it('counts missing values, names rows, and takes a target without values for an error', async () => {
    const { of } = await inspect(plain('CASE WHEN i % 4 = 1 THEN NULL ELSE sin(i * 7.7) END AS gaps'));
    expect(of('missing')).toMatchObject([
      { severity: 'warning', columns: ['gaps'], count: 50, value: 0.25, rows: [1, 5, 9, 13, 17] },
    ]);
    const empty = await inspect(plain('CAST(NULL AS DOUBLE) AS y'), { target: 'y' });
    expect(empty.report.findings[0]).toMatchObject({ check: 'missing', severity: 'error', columns: ['y'] });
  });

  it('finds columns of one value, and columns that repeat another', async () => {
    const { of } = await inspect(plain(`'eu' AS region, sin(i * 3.1) AS a, sin(i * 3.1) AS b`));
    expect(of('constant')).toMatchObject([{ severity: 'warning', columns: ['region'], values: ['eu'] }]);
    expect(of('duplicate_columns')).toMatchObject([{ columns: ['a', 'b'] }]);
  });

  it('counts rows that repeat an earlier one, not the first of them', async () => {
    const { of } = await inspect('SELECT least(i, 95) AS i, sin(least(i, 95)) AS x FROM range(100) AS t (i)');
    expect(of('duplicate_rows')).toMatchObject([{ count: 4, value: 0.04, rows: [95], isEstimated: false }]);
  });

  it('finds numbers far from all others, with the furthest rows first', async () => {
    const { of } = await inspect(
      plain('CASE i WHEN 17 THEN 900.0 WHEN 40 THEN -5000 ELSE cos(i * 5.3) END AS x'),
    );
    expect(of('outliers')).toMatchObject([
      { severity: 'warning', columns: ['x'], count: 2, rows: [40, 17], values: ['-5000.0', '900.0'] },
    ]);
  });

  it('finds infinite values, which change no other statistic', async () => {
    const { of } = await inspect(plain(`CASE i WHEN 3 THEN 'inf' :: DOUBLE ELSE cos(i * 5.3) END AS x`));
    expect(of('not_finite')).toMatchObject([{ columns: ['x'], count: 1 }]);
    expect(of('outliers')).toEqual([]);
  });

  it('finds identifiers and texts of too many values', async () => {
    const { of } = await inspect(
      plain(`'user-' || i AS id, 'street ' || (i * 7919 % 150) AS street, i % 3 AS class`),
    );
    expect(of('identifier')).toMatchObject([{ severity: 'info', columns: ['id'] }]);
    expect(of('high_cardinality')).toMatchObject([{ columns: ['street'], count: 150 }]);
  });
});

describe('checks of the target', () => {
  it('take a column that determines a numeric target for an error, and one that nearly does for a warning', async () => {
    const { of } = await inspect(
      plain(
        'sin(i * 12.9898) AS y, 3 - 2 * sin(i * 12.9898) AS leak, sin(i * 12.9898) + cos(i * 31.7) / 9 AS near',
      ),
      { target: 'y' },
    );
    expect(of('target_leakage').map(({ severity, columns }) => [severity, ...columns])).toEqual([
      ['error', 'noise'],
      ['error', 'leak'],
      ['warning', 'near'],
    ]);
  });

  it('take a code that stands for each class for an error, and leave honest features alone', async () => {
    const { of } = await inspect(
      plain(
        `'class ' || (i % 4) AS y, 'K' || (i % 4) AS code, (i % 4) * 10 + sin(i) / 1000 AS level, i % 7 AS honest`,
      ),
      { target: 'y' },
    );
    expect(of('target_leakage').map(({ severity, columns }) => [severity, ...columns])).toEqual([
      ['error', 'code'],
      ['error', 'level'],
    ]);
  });

  it('do not take what few rows tell by chance for leakage', async () => {
    const { of } = await inspect(plain(`'w' || (i * 7919 % 97) AS word, i % 2 = 0 AS y`, 100), {
      target: 'y',
    });
    expect(of('target_leakage')).toEqual([]);
  });

  it('find rare classes', async () => {
    const { of } = await inspect(plain(`CASE WHEN i % 50 = 0 THEN 'fraud' ELSE 'fine' END AS y`), {
      target: 'y',
    });
    expect(of('class_imbalance')).toMatchObject([{ count: 4, value: 49, values: ['fraud', 'fine'] }]);
  });
});

describe('dates that are text', () => {
  it.each([
    [
      'in one format are good to know',
      `strftime(DATE '2024-01-05' + CAST(i * 3 AS INTEGER), '%d.%m.%Y')`,
      'info',
      '%d.%m.%Y',
    ],
    [
      'in several formats need a look',
      `CASE WHEN i % 2 = 0 THEN strftime(DATE '2024-01-05' + CAST(i AS INTEGER), '%d/%m/%Y') ELSE '2024-02-0' || (1 + i % 9) END`,
      'warning',
      '%Y-%m-%d',
    ],
    [
      'that can be read in two ways need a look',
      `'0' || (1 + i % 9) || '/0' || (1 + i % 7) || '/2024'`,
      'warning',
      '%m/%d/%Y',
    ],
  ])('%s', async (_, value, severity, format) => {
    const { of } = await inspect(plain(`${value} AS day`));
    expect(of('text_dates')).toMatchObject([{ severity, columns: ['day'] }]);
    expect(of('text_dates')[0]?.values).toContain(format);
  });
});

describe('drift against the version before', () => {
  const first = plain(
    `cos(i * 5.3) AS x, CASE WHEN i % 3 = 0 THEN 'a' ELSE 'b' END AS t, i % 2 AS gone`,
    500,
  );

  async function earlier(): Promise<EarlierVersion> {
    const { references, columns } = await inspect(first);
    return { number: 1, columns, references };
  }

  it('is not found in the same distribution', async () => {
    const again = await inspect(first, { earlier: await earlier() });
    expect(again.of('drift')).toEqual([]);
    expect(again.of('schema_change')).toEqual([]);
    expect(again.report.comparedWith).toBe(1);
  });

  it('is found in numbers and texts that have moved, and in columns that came, went or changed', async () => {
    const { of } = await inspect(
      plain(`cos(i * 5.3) + 1 AS x, CASE WHEN i % 3 = 0 THEN 'c' ELSE 'b' END AS t, 1.5 AS fresh`, 500),
      { earlier: await earlier() },
    );
    expect(of('drift').map(({ columns }) => columns[0])).toEqual(['x', 't']);
    expect(of('schema_change')).toMatchObject([
      { severity: 'warning', columns: ['gone'] },
      { severity: 'info', columns: ['fresh'] },
    ]);
  });

  it('is not taken from the chance of few rows', async () => {
    const few = (from: number) =>
      `SELECT sin(i * 12.9898) * 43.7 AS x FROM range(${from}, ${from + 25}) AS t (i)`;
    const { references, columns } = await inspect(few(0));
    const { of } = await inspect(few(1000), { earlier: { number: 1, columns, references } });
    expect(of('drift')).toEqual([]);
  });
});

describe('a table of very many columns', () => {
  it('is checked in part, and says so', () => {
    expect(uncheckedColumns(1_000, 1_000)).toEqual([]);
    expect(uncheckedColumns(1_003, 1_000)).toMatchObject([{ severity: 'info', count: 3 }]);
  });
});

describe('a table larger than the sample', () => {
  it('is checked on the same rows every time, and says so', async () => {
    const select = `SELECT sin(i) AS x, CASE WHEN i % 1000 = 0 THEN 1e6 ELSE cos(i) END AS y FROM range(250000) AS t (i)`;
    const first = await inspect(select);
    const again = await inspect(select);
    expect(again.report).toEqual(first.report);
    expect(first.report.sampledRowCount).toBeGreaterThan(90_000);
    expect(first.report.sampledRowCount).toBeLessThan(110_000);
    const [found] = first.of('outliers');
    expect(found).toMatchObject({ isEstimated: true });
    expect(Math.abs(Number(found?.count) - 250)).toBeLessThan(50);
  });

  it('names rows by their number even when a column has the name that DuckDB gives to it', async () => {
    const { of } = await inspect(
      plain('i AS file_row_number, CASE WHEN i = 7 THEN NULL ELSE sin(i) END AS x'),
    );
    expect(of('missing')[0]?.rows).toEqual([7]);
  });
});
