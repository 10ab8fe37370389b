import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadLayersModel, loadTensorflow, type Tensorflow } from '@aimass/platform-tensorflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../src/linear-regression/report.js';
import { MlRoot } from './ml-root.js';

const csv = fileURLToPath(new URL('../../../examples/old-faithful.csv', import.meta.url));
const faithful = `SELECT * FROM read_csv('${csv}')`;
/** Every row has a place from 0 to 9 that depends on its values alone. */
const part = (places: string): string =>
  `SELECT eruptions, waiting FROM read_csv('${csv}') WHERE hash(eruptions, waiting) % 10 IN (${places})`;
const OLS = { intercept: 33.4744, slope: 10.7296 };

let root: MlRoot;
beforeEach(() => {
  root = new MlRoot();
});
afterEach(() => root.remove());

function report(): Report {
  return JSON.parse(root.read('output', 'data', 'report.json')) as Report;
}

describe('the trainer on the whole Old Faithful file', () => {
  it('agrees with least squares to six digits, and so does the saved model', async () => {
    await root.channel('train', faithful);
    const { code, lines, log } = await root.run();
    expect(log).toContain('TensorFlow backend: tfjs (wasm)');
    expect(code).toBe(0);
    const { coefficients, ols, selectedOn, verdict } = report();
    expect(coefficients.intercept).toBeCloseTo(OLS.intercept, 4);
    expect(coefficients.weights.eruptions).toBeCloseTo(OLS.slope, 4);
    expect(ols.intercept).toBeCloseTo(OLS.intercept, 4);
    expect([selectedOn, verdict.kind]).toEqual(['train', 'unknown']);
    expect(lines[0]).toEqual({ progress: 0 });
    expect(lines.at(-1)).toEqual({ progress: 1 });
    const { tf } = await loadTensorflow({
      log: { info: () => undefined, warn: () => undefined },
      prefer: 'tfjs',
    });
    const model = await loadLayersModel(tf, join(root.path, 'model'));
    const output = model.predict(tf.tensor2d([[3]])) as ReturnType<Tensorflow['tensor']>;
    expect(output.dataSync()[0]).toBeCloseTo(OLS.intercept + 3 * OLS.slope, 3);
    expect(model.inputs[0]?.name).toBe('features');
  });
});

describe('the trainer with all three channels', () => {
  beforeEach(async () => {
    await root.channel('train', part('0,1,2,3,4,5,6'));
    await root.channel('validation', part('7'));
    await root.channel('test', part('8,9'));
  });

  it('chooses on validation, registers the refitted model and says which is which', async () => {
    expect((await root.run({ refit: 'all' })).code).toBe(0);
    const result = report();
    expect(result.selectedOn).toBe('validation');
    expect(result.rows.train + result.rows.validation + result.rows.test).toBe(272);
    expect(result.coefficients.weights.eruptions).toBeCloseTo(OLS.slope, 4);
    expect(result.trainOnly.weights.eruptions).not.toBeCloseTo(OLS.slope, 4);
    expect(Object.keys(result.rmse)).toEqual(['train', 'validation', 'test']);
    expect(result.verdict.kind).toBe('good');
    expect(result.notes.join()).toContain('refit: all');
    expect(root.list('model')).toEqual(['model.json', 'signature.json', 'weights.bin']);
    expect(root.list('output', 'data', 'plots')).toEqual(['fit.svg', 'loss.svg']);
    expect(root.read('output', 'data', 'plots', 'fit.svg')).toContain('waiting by eruptions');
    expect(JSON.parse(root.read('model', 'signature.json'))).toMatchObject({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
      outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
      features: ['eruptions'],
      target: 'waiting',
    });
  });

  it('recovers from rates that diverge, and reports them', async () => {
    const { code, lines } = await root.run({ learningRates: '50,3' });
    expect(code).toBe(0);
    const { learningRate, trials } = report();
    expect(learningRate).toBe(0.3);
    expect(trials.filter(({ status }) => status === 'diverged').map((trial) => trial.learningRate)).toEqual([
      50, 3, 5,
    ]);
    expect(lines.filter((line) => line.metric === 'diverged')).toHaveLength(3);
  });

  it('stops within a second on SIGTERM, with exit code 143 and no model', async () => {
    const running = root.start({ epochs: '2000000' });
    await running.printed('"epoch":1,');
    const asked = performance.now();
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(143);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(root.list('model')).toEqual([]);
  });

  it('goes on from the checkpoint of a killed run', async () => {
    const running = root.start({ epochs: '3000' });
    await running.printed('learning_rate=0.1');
    running.child.kill('SIGKILL');
    await running.ended;
    const { code, log } = await root.run({ epochs: '3000' });
    expect(code).toBe(0);
    expect(log).toContain('learning_rate=0.3: taken from the checkpoint');
    expect(log).not.toContain('learning_rate=0.01: taken');
    expect(report().trials).toHaveLength(4);
  });
});

describe('the trainer refuses, with an explanation in output/failure and exit code 1,', () => {
  async function failure(hyperparameters: Record<string, string> = {}): Promise<string> {
    expect((await root.run(hyperparameters)).code).toBe(1);
    expect(root.list('model')).toEqual([]);
    return root.read('output', 'failure');
  }

  it('an unknown target, naming the columns', async () => {
    await root.channel('train', faithful);
    expect(await failure({ target: 'wating' })).toBe(
      'There is no column "wating" in the train data. Its columns are: eruptions, waiting.',
    );
  });

  it('a text column', async () => {
    await root.channel('train', `SELECT 'long' AS mood, waiting FROM (${faithful})`);
    expect(await failure({ features: 'mood' })).toContain(
      '"mood" of the train data is VARCHAR, not a number',
    );
  });

  it('data with no row left, saying how many were dropped', async () => {
    await root.channel('train', `SELECT eruptions, NULL::DOUBLE AS waiting FROM (${faithful})`);
    expect(await failure()).toContain('272 rows lack a number in eruptions, waiting');
  });

  it('an unknown algorithm, an absent channel and a broken file', async () => {
    expect(await failure({ algorithm: 'magic' })).toContain('one of: linear-regression');
    expect(await failure()).toContain('"train" has no Parquet file');
    await root.channel('train', faithful);
    writeFileSync(join(root.path, 'input', 'data', 'train', 'part-0.parquet'), 'PAR1 cut');
    expect(await failure()).toContain('The Parquet files cannot be read');
  });

  it('rates at which even a thousandth diverges, and writes no NaN', async () => {
    await root.channel('train', faithful);
    expect(await failure({ learningRates: '1000000' })).toContain('diverged at every learning rate tried');
    expect(existsSync(join(root.path, 'output', 'data', 'report.json'))).toBe(false);
  });
});

it('counts and drops rows with missing values, and takes several features in their order', async () => {
  await root.channel(
    'train',
    `SELECT i::INTEGER AS a, (i * 7 % 13)::FLOAT AS b, 'x' AS note,
       CASE WHEN i % 10 = 0 THEN NULL WHEN i % 10 = 1 THEN 'NaN'::DOUBLE ELSE 2 * i - 3 * (i * 7 % 13) + 5 END AS waiting
     FROM range(100) AS r(i)`,
  );
  expect((await root.run()).code).toBe(0);
  const { rows, coefficients, features } = report();
  expect(rows).toEqual({ train: 80, validation: 0, test: 0, dropped: 20 });
  expect(features).toEqual(['a', 'b']);
  expect(coefficients.weights.a).toBeCloseTo(2, 4);
  expect(coefficients.weights.b).toBeCloseTo(-3, 4);
  expect(root.read('output', 'data', 'plots', 'fit.svg')).toContain('predicted against true values');
});
