import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataSources, training } from '@aimass/contracts';
import type { ServiceUnderTest } from '@aimass/testing';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtTrainer } from './built-project.js';
import { Caller, isGroupAlive, organizationId, TrainingWorld } from './training-harness.js';
import type { definition } from './training-harness.js';

const { JobState } = training;
const { DOUBLE, INTEGER } = dataSources.ColumnType;
const csv = fileURLToPath(new URL('../../../examples/old-faithful.csv', import.meta.url));
const hyperparameters = {
  target: 'waiting',
  features: 'eruptions',
  learningRates: '[0.3,0.1]',
  epochs: '200',
};

let world: TrainingWorld;
let service: ServiceUnderTest<typeof definition>;
let caller: Caller;
let splitId: string;

beforeAll(async () => {
  world = await TrainingWorld.create();
  const parts = {
    train: await parquet('0,1,2,3,4,5,6'),
    validation: await parquet('7,8'),
    test: await parquet('9'),
  };
  splitId = await world.addSplit({ columns: { eruptions: DOUBLE, waiting: INTEGER }, parts });
  service = await world.startService({ BUILTIN_TRAINER: builtTrainer });
  caller = new Caller(service.client);
});

afterAll(async () => {
  await service.stop();
  await world.remove();
});

describe('the built-in trainer', () => {
  it('fits Old Faithful as least squares does, with report, curves and plots', async () => {
    const id = await caller.create(splitId, { ...hyperparameters, refit: 'all' });
    const job = await caller.finished(id);
    expect(job).toMatchObject({ state: JobState.SUCCEEDED, progress: 1, failure: undefined });
    expect(job.backend).toContain('tfjs');
    const report = await service.client.getJobReport({ organizationId, jobId: id });
    const { coefficients } = JSON.parse(report.reportJson) as {
      coefficients: { intercept: number; weights: Record<string, number> };
    };
    expect(coefficients.intercept.toPrecision(4)).toBe('33.47');
    expect(coefficients.weights.eruptions?.toPrecision(4)).toBe('10.73');
    expect(report.plots).toEqual(['fit', 'loss']);
    expect((await service.client.getJobPlot({ organizationId, jobId: id, name: 'loss' })).svg).toContain(
      '<svg',
    );
    const metrics = new Set((await caller.points(id)).map(({ metric }) => metric));
    expect([...metrics]).toEqual(expect.arrayContaining(['train_loss', 'validation_loss', 'test_rmse']));
    const [succeeded] = await world.eventsOf(id);
    expect(Object.keys(succeeded?.event.metrics ?? {})).toEqual(
      expect.arrayContaining(['rmse.train', 'rmse.validation', 'rmse.test']),
    );
    expect(succeeded?.event.manifest?.files.map(({ path }) => path)).toEqual([
      'model.json',
      'signature.json',
      'weights.bin',
    ]);
  });

  it('recovers from a learning rate that diverges, or fails and says so; no NaN is registered', async () => {
    const recovered = await caller.finished(
      await caller.create(splitId, { ...hyperparameters, learningRates: '50' }),
    );
    expect(recovered.state).toBe(JobState.SUCCEEDED);
    const id = await caller.create(splitId, { ...hyperparameters, learningRates: '1000000' });
    const failed = await caller.finished(id);
    expect(failed).toMatchObject({ state: JobState.FAILED, failure: { code: 'trainer_failed' } });
    expect(failed.failure?.message).toContain('diverged');
    expect((await world.eventsOf(id)).map(({ subject }) => subject)).toEqual(['training.v1.job.failed']);
  });

  it('stops when it is cancelled', async () => {
    const id = await caller.create(splitId, { ...hyperparameters, epochs: '50000000' });
    await caller.training(id, 5);
    const pid = await world.guardPid(id, 1);
    await caller.cancel(id);
    expect((await caller.finished(id)).state).toBe(JobState.CANCELLED);
    expect(isGroupAlive(pid)).toBe(false);
  });
});

/** Rows of the example whose place, from 0 to 9 and decided by their values, is one of these. */
async function parquet(places: string): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'parquet-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const path = join(dir, 'part.parquet');
    await connection.run(
      `COPY (SELECT * FROM read_csv('${csv}') WHERE hash(eruptions, waiting) % 10 IN (${places}))
       TO '${path}' (FORMAT parquet)`,
    );
    return await readFile(path);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
}
