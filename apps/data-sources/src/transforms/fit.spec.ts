import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Transform } from '@aimass/contracts';
import {
  encodePreprocessing,
  planFeatures,
  preparedColumns,
  writeFeatures,
} from '@aimass/platform-model-files';
import type { RawValue } from '@aimass/platform-model-files';
import { beforeAll, describe, expect, it } from 'vitest';
import { quoteName } from '../tables/sql.js';
import { fitTransforms } from './fit.js';
import { preparedList } from './prepared-sql.js';
import { columnsOf } from './typed-column.js';

let connection: DuckDBConnection;

/** Odd numbers, so that sums and quotients have to be rounded. */
const ROWS = `(SELECT i, sin(i) * pow(10, i % 9) AS x, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 7 = 0 THEN 'NaN'::DOUBLE ELSE i / 3 END AS y,
  CASE i % 4 WHEN 0 THEN 'red' WHEN 1 THEN 'blue' WHEN 2 THEN 'gr''ün' END AS color, i % 3 = 0 AS wild,
  CASE WHEN i % 6 = 0 THEN '' ELSE 'a' END AS gap, CAST(i % 3 AS INTEGER) AS doors, DATE '2024-01-01' AS day,
  i * 2 AS target FROM range(5000) AS t (i))`;

const STEPS: Transform[] = [
  { fill: { y: 'mean', color: { value: 'none' }, gap: 'mode', x: 'median' } },
  { oneHot: { columns: ['color', 'wild', 'doors'] } },
  { standardize: { columns: ['x', 'y', 'color_red'] } },
];

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '4' })).connect();
  await connection.run(`CREATE TABLE t AS SELECT * FROM ${ROWS}`);
});

async function fit(steps: readonly Transform[], where = 'true') {
  const rows = { connection, train: `(SELECT * FROM t WHERE ${where}) AS data` };
  const placed = steps.map((step, index) => ({ step, path: `recipe.transforms.${index}` }));
  return fitTransforms(rows, await columnsOf(connection, 't'), placed);
}

describe('fitTransforms', () => {
  it('learns each step from what the steps before it left', async () => {
    const { steps } = await fit(STEPS);
    const y = steps.find((step) => step.op === 'standardize' && step.column === 'y');
    const direct = await connection.runAndReadAll(
      `SELECT avg(v), stddev_pop(v) FROM (SELECT CASE WHEN y IS NULL OR isnan(y)
         THEN (SELECT avg(y) FROM t WHERE NOT isnan(y)) ELSE y END AS v FROM t)`,
    );
    const [mean, deviation] = direct.getRows()[0] ?? [];
    if (y?.op !== 'standardize') throw new Error('no step standardizes y');
    expect(y.mean).toBeCloseTo(Number(mean), 9);
    expect(y.scale).toBeCloseTo(Number(deviation), 9);
    expect(steps.find((step) => step.op === 'oneHot' && step.column === 'color')).toEqual({
      op: 'oneHot',
      column: 'color',
      categories: ['blue', "gr'ün", 'none', 'red'],
    });
    expect(steps).toContainEqual({ op: 'oneHot', column: 'wild', categories: ['false', 'true'] });
    expect(steps).toContainEqual({ op: 'oneHot', column: 'doors', categories: [0, 1, 2] });
    expect(steps).toContainEqual({ op: 'fill', column: 'gap', value: 'a' });
  });

  it('is the same bytes however many threads compute', async () => {
    const whole = encodePreprocessing(await fit(STEPS));
    await connection.run('SET threads = 4');
    expect(encodePreprocessing(await fit(STEPS))).toBe(whole);
  });

  it('does to a table what serving does to its rows, to the last bit', async () => {
    const preprocessing = await fit(STEPS, 'i % 2 = 0');
    const types = new Map((await columnsOf(connection, 't')).map(({ name, type }) => [name, type]));
    const prepared = await connection.runAndReadAll(
      `SELECT ${preparedList(preprocessing, types)} FROM t AS data ORDER BY i`,
    );
    const names = preparedColumns(preprocessing)
      .filter(({ content }) => content === 'number')
      .map(({ name }) => name);
    expect(names).toContain("color_gr'ün");
    const plan = planFeatures(preprocessing, names);
    const raw = await connection.runAndReadAll(
      `SELECT ${plan.sources.map(({ name }) => quoteName(name)).join(', ')} FROM t ORDER BY i`,
    );
    const served = new Float64Array(5000 * names.length);
    const rows = raw.getRows().map((row) => row.map(asRaw));
    writeFeatures(plan, 5000, (source, row) => rows[row]?.[source] ?? '', served);
    const columns = prepared.getColumnsJS();
    const places = names.map((name) => prepared.columnNames().indexOf(name));
    const trained = rows.flatMap((_, row) => places.map((place) => Number(columns[place]?.[row])));
    expect(Buffer.from(Float64Array.from(trained).buffer).equals(Buffer.from(served.buffer))).toBe(true);
  });

  it('turns a column that does not vary into zeros, and keeps the most frequent categories only when asked', async () => {
    const constant = await fit([{ standardize: { columns: ['doors'] } }], 'doors = 1');
    expect(constant.steps).toEqual([{ op: 'standardize', column: 'doors', mean: 1, scale: 1 }]);
    const two = await fit([{ oneHot: { columns: ['color'], maxCategories: 2 } }], 'i < 10');
    expect(two.steps).toEqual([{ op: 'oneHot', column: 'color', categories: ['blue', 'red'] }]);
  });

  it('refuses what cannot be fitted, and names column and step', async () => {
    const refused = { code: 'data_sources.transform_invalid' };
    await expect(fit([{ standardize: { columns: ['color'] } }])).rejects.toMatchObject(refused);
    await expect(fit([{ standardize: { columns: ['x', 'x'] } }])).rejects.toThrow(/twice/);
    await expect(fit([{ oneHot: { columns: ['day'] } }])).rejects.toThrow(/cast it to text/);
    await expect(fit([{ oneHot: { columns: ['absent'] } }])).rejects.toThrow(/no column "absent"/);
    await expect(fit([{ fill: { color: 'mean' } }])).rejects.toThrow(/does not hold numbers/);
    await expect(fit([{ fill: { y: 'mean', x: 'red' } }])).rejects.toThrow(/cannot be filled/);
    const impossible = { code: 'data_sources.fit_impossible' };
    await expect(fit([{ oneHot: { columns: ['i'] } }])).rejects.toMatchObject(impossible);
    await expect(fit([{ standardize: { columns: ['y'] } }], 'i % 5 = 0')).rejects.toMatchObject(impossible);
    await expect(fit([{ fill: { y: 'median' } }], 'false')).rejects.toMatchObject(impossible);
  });
});

function asRaw(value: unknown): RawValue {
  if (value === null) return Number.NaN;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'bigint' ? Number(value) : (value as RawValue);
}
