import { existsSync } from 'node:fs';
import { dataSources, training } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Caller, isGroupAlive, organizationId, TrainingWorld } from './training-harness.js';
import type { definition } from './training-harness.js';

const { DOUBLE, TEXT } = dataSources.ColumnType;
const { JobState } = training;
const behaviours = [
  ...[
    'succeeds',
    'waits',
    'ignores_sigterm',
    'writes_nothing',
    'fails',
    'crashes',
    'prints_garbage',
    'reports_nan',
  ],
  'kills_itself',
];

let world: TrainingWorld;
let service: ServiceUnderTest<typeof definition>;
let caller: Caller;
let splitId: string;

beforeAll(async () => {
  world = await TrainingWorld.create();
  const numbers = Object.fromEntries(['eruptions', ...behaviours].map((name) => [name, DOUBLE]));
  const content = (name: string) => Buffer.from(`PAR1 ${name}`);
  const parts = { train: content('train'), validation: content('validation'), test: content('test') };
  splitId = await world.addSplit({ columns: { ...numbers, mood: TEXT }, parts });
  service = await world.startService();
  caller = new Caller(service.client);
});

afterAll(async () => {
  await service.stop();
  await world.remove();
});

describe('a job that goes well', () => {
  it('ends with its files in the blob store, one event, a report, a plot and a log', async () => {
    const id = await caller.create(splitId, { target: 'succeeds', features: 'eruptions' });
    const job = await caller.finished(id);
    expect(job).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1, progress: 1, backend: 'scripted' });
    expect(job.startedAt && job.finishedAt && job.startedAt <= job.finishedAt).toBe(true);

    const events = await world.eventsOf(id);
    expect(events.map(({ subject }) => subject)).toEqual(['training.v1.job.succeeded']);
    const [{ event } = { event: undefined }] = events;
    expect(event).toMatchObject({
      ...{ organizationId, jobId: id, modelName: 'faithful', alias: 'production' },
      ...{ engine: 'tensorflow', format: 'tfjs-layers' },
      signature: { inputs: [{ name: 'features', datatype: 'FP32', shape: ['-1', '1'] }] },
      lineage: { jobId: id, datasetVersionId: 'dsv_1', splitId, algorithm: 'linear-regression' },
      metrics: { 'rmse.train': 1, 'rmse.validation': 2, 'rmse.test': 3 },
    });
    const files = event?.manifest?.files ?? [];
    expect(files.map(({ path }) => path)).toEqual(['model.json', 'signature.json']);
    for (const { sha256, sizeBytes } of files)
      expect((await world.blobs.read(sha256)).length).toBe(Number(sizeBytes));

    expect((await caller.points(id)).map(({ sequence, epoch, value }) => [sequence, epoch, value])).toEqual([
      ['1', '0', 4],
      ['2', '1', 2],
    ]);
    const report = await service.client.getJobReport({ organizationId, jobId: id });
    expect([JSON.parse(report.reportJson), report.plots]).toMatchObject([{ backend: 'scripted' }, ['fit']]);
    expect(await service.client.getJobPlot({ organizationId, jobId: id, name: 'fit' })).toEqual({
      svg: '<svg>fit</svg>',
    });
    const absent = service.client.getJobPlot({ organizationId, jobId: id, name: '../report.json' });
    await expect(absent).rejects.toMatchObject({ code: 'training.plot_not_found' });
    await eventually(() => (world.isSwept(id) ? true : undefined));
  });

  it('gives the trainer the contract and nothing of the service', async () => {
    const id = await caller.create(splitId, { target: 'succeeds', features: '["eruptions"]' });
    await caller.finished(id);
    const log = await caller.log(id);
    const environment = JSON.parse(/environment (.*)/.exec(log)?.[1] ?? '{}') as Record<string, string>;
    expect(environment).toMatchObject({
      SM_CHANNELS: '["train","validation","test"]',
      SM_HP_FEATURES: '["eruptions"]',
    });
    expect(environment.SM_MODEL_DIR).toBe(`${environment.AIMASS_ML_ROOT}/model`);
    expect(environment.TENSORFLOW_BACKEND).toBe('tfjs');
    const allowed =
      /^(SM_|PATH$|LANG$|LC_ALL$|TZ$|LD_LIBRARY_PATH$|SSL_CERT_FILE$|HOME$|TMPDIR$|PWD$|OLDPWD$|_$|SHLVL$)/;
    const own = ['AIMASS_ML_ROOT', 'TENSORFLOW_BACKEND', 'TRAINING_JOB_NAME'];
    expect(Object.keys(environment).filter((name) => !allowed.test(name) && !own.includes(name))).toEqual([]);
  });
});

describe('WatchJob', () => {
  it('says the state at once, then every change and every point once, and ends with the job', async () => {
    const id = await caller.create(splitId, { target: 'waits', features: 'eruptions' });
    const states: string[] = [];
    const sequences: number[] = [];
    for await (const { job, points } of service.client.watchJob({
      organizationId,
      jobId: id,
      afterSequence: '0',
    })) {
      if (states.at(-1) !== job?.state) states.push(job?.state ?? '');
      sequences.push(...points.map(({ sequence }) => Number(sequence)));
      if (sequences.length >= 5 && existsSync(world.rootFile(id, 1))) await world.tellToGo(id);
    }
    expect(states.slice(-2)).toEqual([JobState.RUNNING, JobState.SUCCEEDED]);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
    expect(sequences).toHaveLength((await caller.points(id)).length);
  });

  it('refuses an unknown job', async () => {
    const watch = async () => {
      for await (const news of service.client.watchJob({
        organizationId,
        jobId: 'job_x',
        afterSequence: '0',
      }))
        return news;
      return undefined;
    };
    await expect(watch()).rejects.toMatchObject({ code: 'training.job_not_found' });
  });
});

describe('a job that goes wrong', () => {
  const failureOf = async (target: string) => {
    const id = await caller.create(splitId, { target, features: 'eruptions' });
    const job = await caller.finished(id);
    expect(job.state).toBe(JobState.FAILED);
    const events = await world.eventsOf(id);
    expect(events.map(({ subject }) => subject)).toEqual(['training.v1.job.failed']);
    return { ...job.failure, id, attempt: job.attempt };
  };

  it('fails with what the trainer explains', async () => {
    const failure = await failureOf('fails');
    expect(failure).toMatchObject({
      code: 'trainer_failed',
      message: 'The data is too sad to learn from.',
      attempt: 1,
    });
  });

  it('fails with the end of the log when the trainer explains nothing', async () => {
    const { code, message, id } = await failureOf('crashes');
    expect(code).toBe('trainer_crashed');
    expect(message).toContain('oh no');
    expect(await caller.log(id)).toContain('about to crash');
  });

  it('fails with no_model when the trainer leaves none', async () => {
    expect(await failureOf('writes_nothing')).toMatchObject({ code: 'no_model' });
  });

  it('never registers a model whose coefficients are not numbers', async () => {
    expect(await failureOf('reports_nan')).toMatchObject({ code: 'model_invalid' });
  });

  it('is tried once more when the trainer is killed, never a third time', async () => {
    expect(await failureOf('kills_itself')).toMatchObject({ code: 'trainer_lost', attempt: 2 });
  });

  it('fails with data_unavailable when the blob of a part is gone', async () => {
    const gone = Buffer.from('PAR1 gone');
    const lost = await world.addSplit({ columns: { waits: DOUBLE, a: DOUBLE }, parts: { train: gone } });
    await world.removeBlob(gone);
    const job = await caller.finished(await caller.create(lost, { target: 'waits' }));
    expect(job).toMatchObject({ state: JobState.FAILED, failure: { code: 'data_unavailable' } });
  });

  it('does not mind garbage on standard output', async () => {
    const id = await caller.create(splitId, { target: 'prints_garbage', features: 'eruptions' });
    expect((await caller.finished(id)).state).toBe(JobState.SUCCEEDED);
    expect((await caller.points(id)).map(({ metric, value }) => [metric, value])).toEqual([
      ['late', 7],
      ['last', 8],
    ]);
  });
});

describe('CancelJob', () => {
  it('cancels a running job and ends its trainer', async () => {
    const id = await caller.create(splitId, { target: 'waits', features: 'eruptions' });
    await caller.training(id);
    const pid = await world.guardPid(id, 1);
    await caller.cancel(id);
    expect((await caller.finished(id)).state).toBe(JobState.CANCELLED);
    expect(isGroupAlive(pid)).toBe(false);
    expect((await world.eventsOf(id)).map(({ subject }) => subject)).toEqual(['training.v1.job.cancelled']);
    await expect(caller.cancel(id)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'training.job_finished',
    });
  });

  it('kills a trainer that ignores SIGTERM', async () => {
    const id = await caller.create(splitId, { target: 'ignores_sigterm', features: 'eruptions' });
    await caller.training(id);
    const pid = await world.guardPid(id, 1);
    await caller.cancel(id);
    await eventually(async () => ((await caller.log(id)).includes('not me') ? true : undefined));
    expect((await caller.finished(id)).state).toBe(JobState.CANCELLED);
    expect(isGroupAlive(pid)).toBe(false);
  });

  it('cancels a queued job at once', async () => {
    const blockers = [
      await caller.create(splitId, { target: 'waits', features: 'eruptions' }),
      await caller.create(splitId, { target: 'waits', features: 'eruptions' }),
    ];
    await Promise.all(blockers.map((id) => caller.training(id)));
    const id = await caller.create(splitId, { target: 'waits', features: 'eruptions' });
    expect((await caller.get(id)).state).toBe(JobState.QUEUED);
    await caller.cancel(id);
    expect(await caller.get(id)).toMatchObject({ state: JobState.CANCELLED, startedAt: undefined });
    expect((await world.eventsOf(id)).map(({ subject }) => subject)).toEqual(['training.v1.job.cancelled']);
    await Promise.all(blockers.map((blocker) => world.tellToGo(blocker)));
    for (const blocker of blockers) expect((await caller.finished(blocker)).state).toBe(JobState.SUCCEEDED);
  });
});

describe('CreateJob', () => {
  const countJobs = async () => (await world.query<{ count: string }>('SELECT count(*) FROM job'))[0]?.count;

  it.each([
    ['an unknown column', { target: 'wating' }, 'training.column_unknown', 'hyperparameters.target'],
    [
      'an unknown feature',
      { target: 'waits', features: 'a' },
      'training.column_unknown',
      'hyperparameters.features',
    ],
    ['a text column', { target: 'mood' }, 'training.column_not_numeric', 'hyperparameters.target'],
    [
      'the target as feature',
      { target: 'waits', features: 'waits' },
      'training.target_is_feature',
      'hyperparameters.features',
    ],
    ['no target', {}, 'training.job_invalid', 'hyperparameters.target'],
    [
      'an unknown hyperparameter',
      { target: 'waits', epoch: '1' },
      'training.job_invalid',
      'hyperparameters.epoch',
    ],
    [
      'a bad rate',
      { target: 'waits', learningRates: '0.1,-1' },
      'training.job_invalid',
      'hyperparameters.learningRates',
    ],
  ])('refuses %s and stores nothing', async (_name, hyperparameters: Record<string, string>, code, path) => {
    const before = await countJobs();
    const refusal = caller.create(splitId, hyperparameters);
    await expect(refusal).rejects.toMatchObject({ kind: 'invalid', code, violations: [{ path }] });
    expect(await countJobs()).toBe(before);
  });

  it('names the column and its type', async () => {
    await expect(caller.create(splitId, { target: 'mood' })).rejects.toThrow(/"mood" is text/);
  });

  it('refuses an unknown algorithm and output names, all at once', async () => {
    const request = { organizationId, requestId: '', algorithm: 'magic', splitId, hyperparameters: {} };
    await expect(
      service.client.createJob({ ...request, output: { model: 'a/b', alias: 'Prod' } }),
    ).rejects.toMatchObject({
      violations: [{ path: 'algorithm' }, { path: 'output.model' }, { path: 'output.alias' }],
    });
  });

  it('refuses an unknown split, and one without training rows', async () => {
    await expect(caller.create('spl_x', { target: 'waits' })).rejects.toMatchObject({
      code: 'training.split_not_found',
    });
    const bare = await world.addSplit({
      columns: { a: DOUBLE, b: DOUBLE },
      parts: { test: Buffer.from('PAR1') },
    });
    await expect(caller.create(bare, { target: 'a' })).rejects.toMatchObject({
      code: 'training.split_without_train',
    });
  });

  it('makes one job of a repeated request, and refuses its key for another', async () => {
    const hyperparameters = { target: 'succeeds', features: 'eruptions' };
    const ids = await Promise.all([1, 2, 3].map(() => caller.create(splitId, hyperparameters, 'key-1')));
    expect(new Set(ids).size).toBe(1);
    const other = caller.create(splitId, { ...hyperparameters, seed: '2' }, 'key-1');
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await caller.finished(ids[0] ?? '');
  });
});

describe('reads', () => {
  it("answer another organization's job exactly as an absent one", async () => {
    const id = await caller.create(splitId, { target: 'succeeds', features: 'eruptions' });
    await caller.finished(id);
    const stranger = { organizationId: 'org_stranger', jobId: id };
    const absent = { kind: 'not_found', code: 'training.job_not_found' };
    await expect(service.client.getJob(stranger)).rejects.toMatchObject(absent);
    await expect(service.client.cancelJob(stranger)).rejects.toMatchObject(absent);
    await expect(service.client.getJobLogs(stranger)).rejects.toMatchObject(absent);
    await expect(service.client.getJobReport(stranger)).rejects.toMatchObject(absent);
    await expect(service.client.listJobMetrics({ ...stranger, afterSequence: '0' })).rejects.toMatchObject(
      absent,
    );
  });

  it('page through jobs, and list the algorithms', async () => {
    const list = (pageToken: string) => service.client.listJobs({ organizationId, pageSize: 2, pageToken });
    const first = await list('');
    const second = await list(first.nextPageToken);
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toHaveLength(4);
    const { items } = await service.client.listAlgorithms({});
    expect(items.map(({ name }) => name)).toEqual(['linear-regression']);
    expect(items[0]?.hyperparameters.map(({ name }) => name)).toContain('learningRates');
  });
});

describe('two instances on one database', () => {
  it('never run a job twice', async () => {
    const second = await world.startService();
    try {
      const hyperparameters = { target: 'succeeds', features: 'eruptions' };
      const ids = await Promise.all(
        Array.from({ length: 12 }, () => caller.create(splitId, hyperparameters)),
      );
      for (const id of ids)
        expect(await caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
      for (const id of ids) expect(await world.eventsOf(id)).toHaveLength(1);
      const runs = await world.query<{ run: number }>('SELECT run FROM job WHERE id = ANY($1)', [ids]);
      expect(runs.map(({ run }) => run)).toEqual(ids.map(() => 1));
    } finally {
      await second.stop();
    }
  });

  it('hand a job over when one of them stops', async () => {
    const second = await world.startService({ MAX_RUNNING_JOBS: 4 });
    await service.stop();
    const id = await new Caller(second.client).create(splitId, { target: 'waits', features: 'eruptions' });
    let pid = 0;
    try {
      await new Caller(second.client).training(id);
      pid = await world.guardPid(id, 1);
    } finally {
      await second.stop();
    }
    expect(isGroupAlive(pid)).toBe(false);
    const [row] = await world.query('SELECT state, attempt, lease_owner FROM job WHERE id = $1', [id]);
    expect(row).toEqual({ state: 'queued', attempt: 1, lease_owner: null });

    service = await world.startService();
    caller = new Caller(service.client);
    await eventually(() => (existsSync(world.rootFile(id, 2, 'model')) ? true : undefined));
    await world.tellToGo(id, 2);
    expect(await caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
    expect(await caller.log(id)).toContain('resumed');
    const points = await caller.points(id);
    expect(new Set(points.map(({ epoch }) => epoch)).size).toBe(points.length);
  });
});
