import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { finishedJob, must, newOrganization } from '../support/api.js';
import type { Api, Json } from '../support/api.js';

interface Flower {
  /** NaN when it was not measured. */
  readonly size: number;
  /** Empty when it was not noted. */
  readonly color: string;
  readonly price: number;
  readonly day: string;
}

const COLORS = ['red', 'blue', '', 'green'];
/** Large sizes that differ little, where 32 bits would lose what makes the difference. */
const FLOWERS: readonly Flower[] = Array.from({ length: 240 }, (_, i) => ({
  size: i % 11 === 0 ? NaN : 100_000 + ((i * 37) % 101) / 7,
  color: COLORS[(i * 5) % 4] ?? '',
  price: 20 + ((i * 37) % 101) / 3 + ((i * 5) % 4) * 4 + ((i * 13) % 7) / 5,
  day: `2024-0${1 + (i % 9)}-01`,
}));
const CSV = `size,color,price,day\n${FLOWERS.map(
  ({ size, color, price, day }) => `${Number.isNaN(size) ? '' : size},${color},${price},${day}`,
).join('\n')}\n`;
const RECIPE = {
  target: 'price',
  transforms: [
    { drop: ['day'] },
    { fill: { size: 'mean', color: 'mode' } },
    { oneHot: { columns: ['color'] } },
    { standardize: { columns: ['size'] } },
  ],
};

/** What the report says of the line that was fitted. */
interface Line {
  readonly intercept: number;
  readonly weights: Readonly<Record<string, number>>;
}

let api: Api;
let split: Json;
let parts: string[];

beforeAll(async () => {
  api = await newOrganization();
  const upload = await must(api.upload(CSV), 201);
  await must(api.post('/datasets', { name: 'flowers', uploadId: upload.body.id, recipe: RECIPE }), 201);
  const body = {
    strategy: 'stratified',
    column: 'color',
    ratios: { train: 0.6, validation: 0.2, test: 0.2 },
    seed: 3,
  };
  split = (await must(api.post('/datasets/flowers/versions/1/splits', body), 201)).body;
  const path = `/datasets/flowers/versions/1/splits/${split.id as string}`;
  const membership = await must(api.get(`${path}/membership?format=csv`), 200);
  expect(membership.headers.get('content-type')).toContain('text/csv');
  parts = membership.text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[1] ?? '');
  expect((await must(api.get(path), 200)).body).toEqual(split);
});

describe('a model of preprocessed data', () => {
  let report: Json;

  beforeAll(async () => {
    const order = {
      algorithm: 'linear-regression',
      splitId: split.id as string,
      hyperparameters: { target: 'price', epochs: 3000, learningRates: [0.3] },
      output: { model: 'flowers', alias: 'production' },
    };
    const { body: job } = await must(api.post('/jobs', order), 202);
    expect(await finishedJob(api, job.id as string)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' });
    report = (await must(api.get(`/jobs/${job.id as string}/report`), 200)).body;
    await eventually(async () =>
      (await api.get('/models/flowers/versions/1')).status === 200 ? true : undefined,
    );
    const variants = [{ model: 'flowers', version: 1, weight: 100 }];
    await must(api.post('/deployments', { name: 'flowers', variants }), 201);
    await eventually(async () =>
      (await infer([{ ...FLOWERS[1], size: 100_001 } as Flower])).status === 200 ? true : undefined,
    );
  });

  it('has its preprocessing among its files, and takes raw columns', async () => {
    const { body: version } = await must(api.get('/models/flowers/versions/1'), 200);
    const shipped = { path: 'preprocessing.json', sha256: split.preprocessingSha256 as string };
    expect(version.manifest.files).toContainEqual(expect.objectContaining(shipped));
    expect(version.signature.inputs).toEqual([
      { name: 'size', datatype: 'FP64', shape: ['-1', '1'] },
      { name: 'color', datatype: 'BYTES', shape: ['-1', '1'] },
    ]);
    expect(report.features).toEqual(['size', 'color_blue', 'color_green', 'color_red']);
  });

  it('predicts on raw rows what training evaluated on transformed ones', async () => {
    const test = FLOWERS.filter((_, row) => parts[row] === 'test');
    // NaN cannot be said in JSON: what is missing is filled here as training did, with the mean of train.
    const measured = FLOWERS.filter(({ size }, row) => parts[row] === 'train' && !Number.isNaN(size));
    const mean = measured.reduce((sum, { size }) => sum + size, 0) / measured.length;
    const rows = test.map((flower) => (Number.isNaN(flower.size) ? { ...flower, size: mean } : flower));
    const predictions = await predict(rows);
    const squares = predictions.map((prediction, i) => (prediction - (test[i]?.price ?? 0)) ** 2);
    const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(Math.abs(rmse - report.rmse.test) / report.rmse.test).toBeLessThan(1e-6);
    const expected = evaluate(rows, report.trainOnly as Line);
    predictions.forEach((prediction, i) => {
      expect(Math.abs(prediction - (expected[i] ?? 0)) / Math.abs(prediction)).toBeLessThan(1e-6);
    });
  });

  it('takes an empty text as missing and an unknown one as none of the categories', async () => {
    const { weights } = report.trainOnly as Line;
    const [red = 0, missing = 0, unknown = 0] = await predict(
      ['red', '', 'violet'].map((color) => ({ size: 100_001, color, price: 0, day: '' })),
    );
    const known = ['blue', 'green', 'red'].map(
      (color) => red - (weights.color_red ?? 0) + (weights[`color_${color}`] ?? 0),
    );
    expect(known.some((prediction: number) => Math.abs(prediction - missing) < 1e-4)).toBe(true);
    expect(unknown).toBeCloseTo(red - (weights.color_red ?? 0), 4);
  });

  it('refuses what is no raw column, and says what it takes', async () => {
    const inputs = [{ name: 'features', shape: [1, 4], datatype: 'FP32', data: [0, 0, 0, 1] }];
    expect((await api.infer('flowers', inputs)).status).toBe(400);
  });

  /** What the model's coefficients make of rows that are transformed once more here, from the training rows alone. */
  function evaluate(rows: readonly Flower[], { intercept, weights }: Line): number[] {
    const train = FLOWERS.filter((_, row) => parts[row] === 'train');
    const sizes = train.map(({ size }) => size);
    const measured = sizes.filter((size) => !Number.isNaN(size));
    const mean = measured.reduce((sum, size) => sum + size, 0) / measured.length;
    const filled = sizes.map((size) => (Number.isNaN(size) ? mean : size));
    const centre = filled.reduce((sum, size) => sum + size, 0) / filled.length;
    const spread = Math.sqrt(filled.reduce((sum, size) => sum + (size - centre) ** 2, 0) / filled.length);
    const counts = new Map<string, number>();
    for (const { color } of train) if (color !== '') counts.set(color, (counts.get(color) ?? 0) + 1);
    const [mode = ''] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0] ?? [];
    return rows.map(
      ({ size, color }) =>
        intercept +
        (weights.size ?? 0) * ((size - centre) / spread) +
        (weights[`color_${color === '' ? mode : color}`] ?? 0),
    );
  }
});

it('refuses a job whose target the recipe has rescaled', async () => {
  const ratios = { train: 0.6, validation: 0.2, test: 0.2 };
  const upload = await must(api.upload(CSV), 201);
  const recipe = { transforms: [{ standardize: { columns: ['price'] } }] };
  await must(api.post('/datasets', { name: 'rescaled', uploadId: upload.body.id, recipe }), 201);
  const made = await must(api.post('/datasets/rescaled/versions/1/splits', { ratios }), 201);
  const refused = await api.post('/jobs', {
    algorithm: 'linear-regression',
    splitId: made.body.id as string,
    hyperparameters: { target: 'price' },
    output: { model: 'rescaled' },
  });
  expect(refused).toMatchObject({ status: 400, body: { code: 'training.target_rescaled' } });
});

it('refuses a recipe that is none, and one that does not fit the data, with the place of the fault', async () => {
  const upload = await must(api.upload(CSV), 201);
  const make = (transforms: unknown) =>
    api.post('/datasets', { name: 'refused', uploadId: upload.body.id, recipe: { transforms } });
  const unknown = await make([{ filter: { column: "size'; DROP TABLE dataset; --", op: '>', value: 1 } }]);
  expect(unknown).toMatchObject({ status: 400, body: { code: 'data_sources.transform_invalid' } });
  expect(unknown.body.errors[0].path).toBe('recipe.transforms.0.filter.column');
  expect((await make([{ filter: 'size > 1' }])).status).toBe(400);
  expect((await api.get('/datasets/refused')).status).toBe(404);
});

async function predict(rows: readonly Flower[]): Promise<number[]> {
  const { body } = await must(infer(rows), 200);
  return body.outputs[0].data as number[];
}

function infer(rows: readonly Flower[]) {
  const shape = [rows.length, 1];
  return api.infer('flowers', [
    { name: 'size', shape, datatype: 'FP64', data: rows.map(({ size }) => size) },
    { name: 'color', shape, datatype: 'BYTES', data: rows.map(({ color }) => color) },
  ]);
}
