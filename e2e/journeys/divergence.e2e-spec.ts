import { describe, expect, it } from 'vitest';
import { finishedJob, newOrganization, oldFaithfulSplit, startJob } from '../support/api.js';

describe('a learning rate that diverges', () => {
  it('is told in the report while the other rates go on, and never registers NaN', async () => {
    const api = await newOrganization();
    const id = await startJob(api, await oldFaithfulSplit(api), { learningRates: [50, 0.1], epochs: 200 });
    expect(await finishedJob(api, id)).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' });
    const { body: report } = await api.get(`/jobs/${id}/report`);
    expect(report.trials).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ learningRate: 50, status: 'diverged' }),
        expect.objectContaining({ learningRate: 0.1, status: 'ok' }),
      ]),
    );
    expect(report.learningRate).toBe(0.1);
    expect(Number.isFinite(report.coefficients.intercept)).toBe(true);
  });

  it('when every rate diverges at once, recovers with lower ones or fails with an explanation', async () => {
    const api = await newOrganization();
    const id = await startJob(api, await oldFaithfulSplit(api), { learningRates: [1e9], epochs: 200 });
    const job = await finishedJob(api, id);
    if (job.state === 'JOB_STATE_FAILED') {
      expect(job.failure.message).toMatch(/diverge/i);
      expect((await api.get('/models')).body.items).toEqual([]);
    } else {
      const { body: report } = await api.get(`/jobs/${id}/report`);
      expect(Number.isFinite(report.coefficients.intercept)).toBe(true);
    }
  });
});
