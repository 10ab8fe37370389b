import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deploy,
  finishedJob,
  must,
  newOrganization,
  oldFaithfulSplit,
  row,
  startJob,
  trainVersion,
} from '../support/api.js';
import { Api } from '../support/api.js';
import { adminOf, ownPlatform } from '../support/own-platform.js';
import type { OwnPlatform } from '../support/own-platform.js';

let own: OwnPlatform;

beforeAll(async () => {
  own = await ownPlatform();
});

afterAll(() => own.dispose());

describe('a platform that is stopped and started again on the same home', () => {
  it('survives kill -9 of a service under work, and has everything still there after a restart', async () => {
    const first = await own.boot();
    const api = await newOrganization(adminOf(first));
    const splitId = await oldFaithfulSplit(api);
    await deploy(api, await trainVersion(api, splitId, 'production'));

    // kill -9 in the middle of a job: it finishes or is retried once, never twice, never lost.
    const jobId = await startJob(api, splitId, { epochs: 20_000, learningRates: [0.1] });
    await eventually(async () => {
      const { body } = await api.get(`/jobs/${jobId}`);
      return body.state === 'JOB_STATE_RUNNING' && body.progress > 0 ? true : undefined;
    });
    first.killService('training', 'SIGKILL');
    const job = await eventually(() => finishedJob(api, jobId), 60_000);
    expect(job).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' });
    expect(job.attempt).toBeLessThanOrEqual(2);
    await eventually(async () =>
      (await api.get('/models/old-faithful/versions/2')).status === 200 ? true : undefined,
    );
    expect((await api.get('/models/old-faithful/versions/3')).status).toBe(404);

    const before = await must(api.infer('old-faithful', row(4)), 200);
    await first.stop();

    const second = await own.boot();
    const again = new Api(second.gatewayUrl, api.key, api.organization);
    expect((await must(again.get(`/jobs/${jobId}`), 200)).body.state).toBe('JOB_STATE_SUCCEEDED');
    expect((await must(again.get('/datasets/old-faithful/versions/1'), 200)).body.rowCount).toBe('272');
    const after = await eventually(async () => {
      const answer = await again.infer('old-faithful', row(4));
      return answer.status === 200 ? answer : undefined;
    });
    expect(after.body.outputs).toEqual(before.body.outputs);
    const ledger = await eventually(async () => {
      const { body } = await must(again.get('/usage/summary'), 200);
      return Number(body.entries) >= 2 ? body : undefined;
    });
    expect(Number(ledger.entries)).toBeGreaterThanOrEqual(2);
  }, 180_000);
});
