import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  deploy,
  finishedJob,
  must,
  newOrganization,
  oldFaithfulSplit,
  row,
  startJob,
} from '../support/api.js';
import type { Api } from '../support/api.js';

let api: Api;
let splitId: string;

beforeAll(async () => {
  api = await newOrganization();
  splitId = await oldFaithfulSplit(api);
});

describe('from data to traffic', () => {
  it('agrees with ordinary least squares to 4 digits on the whole file, and reports both', async () => {
    const ratios = { train: 1, validation: 0, test: 0 };
    const whole = await must(api.post('/datasets/old-faithful/versions/1/splits', { ratios, seed: 0 }), 201);
    const id = await startJob(api, whole.body.id as string, {});
    expect(await finishedJob(api, id)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', progress: 1 });
    const { body: report } = await api.get(`/jobs/${id}/report`);
    // Published for R's `faithful`; see examples/README.md.
    for (const line of [report.coefficients, report.ols]) {
      expect(line.intercept).toBeCloseTo(33.4744, 2);
      expect(line.weights.eruptions).toBeCloseTo(10.7296, 3);
    }
  });

  it('lets the validation set choose the learning rate, streams metrics, and draws the plots', async () => {
    const id = await startJob(api, splitId, { learningRates: [0.3, 0.01], epochs: 300 }, 'production');
    const events = await api.get(`/jobs/${id}/events`);
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    expect(events.text).toMatch(/event: metric\nid: \d+\ndata: \{.*"train_loss"/);
    expect(await finishedJob(api, id)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', attempt: 1 });
    const { body: report } = await api.get(`/jobs/${id}/report`);
    expect(report).toMatchObject({
      selectedOn: 'validation',
      rmse: { train: expect.any(Number), validation: expect.any(Number), test: expect.any(Number) },
    });
    for (const plot of ['fit', 'loss'])
      expect((await api.get(`/jobs/${id}/plots/${plot}.svg`)).text).toMatch(/^<svg/);
    expect((await api.get(`/jobs/${id}/plots/nope.svg`)).status).toBe(404);
  });

  it('registers the output by itself, with lineage back to the data', async () => {
    const version = await eventually(async () => {
      const answer = await api.get('/models/old-faithful/versions/production');
      return answer.status === 200 ? answer.body : undefined;
    });
    const { body: dataset } = await api.get('/datasets/old-faithful/versions/1');
    expect(version).toMatchObject({
      aliases: ['production'],
      lineage: { datasetVersionId: dataset.id, splitId, algorithm: 'linear-regression' },
      manifest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('splits traffic by weight, and each change takes effect whole', async () => {
    await eventually(async () =>
      (await api.get('/models/old-faithful/versions/2')).status === 200 ? true : undefined,
    );
    await deploy(api, 1);
    const variants = [
      { model: 'old-faithful', version: 1, weight: 80 },
      { model: 'old-faithful', version: 2, weight: 20 },
    ];
    await must(
      api.request('PATCH', '/api/v1/deployments/old-faithful/variants', { json: { variants } }),
      200,
    );
    await eventually(async () =>
      (await api.infer('old-faithful', row(4), '2')).status === 200 ? true : undefined,
    );
    const answers = await Promise.all(Array.from({ length: 200 }, () => api.infer('old-faithful', row(4))));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const second = answers.filter(({ body }) => body.model_version === '2').length;
    expect(second).toBeGreaterThanOrEqual(20);
    expect(second).toBeLessThanOrEqual(60);
  });

  it('refuses an update of variants that was made on an older state', async () => {
    const { body } = await api.get('/deployments/old-faithful');
    const variants = [{ model: 'old-faithful', version: 1 }];
    const update = (etag: string) =>
      api.request('PATCH', '/api/v1/deployments/old-faithful/variants', {
        json: { variants },
        headers: { 'if-match': etag },
      });
    await must(update(`"${body.etag as string}"`), 200);
    expect((await update(`"${body.etag as string}"`)).status).toBe(412);
  });
});

describe('a job', () => {
  it('can be cancelled while it runs', async () => {
    const id = await startJob(api, splitId, { epochs: 1_000_000 });
    await eventually(async () =>
      (await api.get(`/jobs/${id}`)).body.state === 'JOB_STATE_RUNNING' ? true : undefined,
    );
    await must(api.post(`/jobs/${id}:cancel`), 202);
    expect(await finishedJob(api, id)).toMatchObject({ state: 'JOB_STATE_CANCELLED' });
    expect((await api.post(`/jobs/${id}:cancel`)).status).toBe(409);
  });

  it('asked for twice with one Idempotency-Key is made once, and another body under that key is refused', async () => {
    const request = {
      algorithm: 'linear-regression',
      splitId,
      hyperparameters: { target: 'waiting' },
      output: { model: 'again' },
    };
    const key = { 'idempotency-key': '"a-key-of-mine"' };
    const first = await must(api.post('/jobs', request, key), 202);
    const second = await must(api.post('/jobs', request, key), 202);
    expect(second.body.id).toBe(first.body.id);
    expect((await api.post('/jobs', { ...request, output: { model: 'other' } }, key)).status).toBe(422);
  });
});
