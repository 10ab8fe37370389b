import { describe, expect, it } from 'vitest';
import { settle } from '../runs/run-outcome.js';
import { Job } from './job.entity.js';
import type { JobResult } from './job-result.js';

const result: JobResult = {
  ...{ engine: 'tensorflow', format: 'tfjs-layers', signature: { inputs: [], outputs: [] }, backend: 'tfjs' },
  ...{ manifest: { files: [], sha256: '' }, metrics: {}, reportSha256: null, plots: {} },
};
const lost = { kind: 'lost', reason: 'it disappeared' } as const;

function queued(): Job {
  return Job.create({
    ...{
      organizationId: 'org_1',
      algorithm: 'linear-regression',
      datasetVersionId: 'dsv_1',
      splitId: 'spl_1',
    },
    ...{ hyperparameters: {}, channels: [], preprocessingSha256: '', outputModel: 'm', outputAlias: '' },
  });
}

function running(): Job {
  const job = queued();
  job.start('worker');
  return job;
}

describe('a job', () => {
  it('is held by the worker and run that started it, until it has finished', () => {
    const job = running();
    expect(job.isHeldBy('worker', 1)).toBe(true);
    expect(job.isHeldBy('worker', 2)).toBe(false);
    expect(job.isHeldBy('another', 1)).toBe(false);
    job.succeed(result);
    expect(job.isHeldBy('worker', 1)).toBe(false);
    expect(job).toMatchObject({ state: 'succeeded', progress: 1, backend: 'tfjs', leaseOwner: null });
  });

  it('counts every change for its watchers', () => {
    const job = running();
    const before = job.revision;
    job.cancel();
    expect(job.revision).toBe(before + 1);
  });

  it('given back keeps its attempt, but its next start is another run', () => {
    const job = running();
    job.giveBack();
    expect(job).toMatchObject({ state: 'queued', attempt: 1, leaseOwner: null, startedAt: null });
    job.start('worker');
    expect(job).toMatchObject({ attempt: 1, run: 2, outputOffset: 0 });
  });

  it('whose trainer is lost is tried once more, never a third time', () => {
    const job = running();
    settle(job, lost);
    expect(job).toMatchObject({ state: 'queued', attempt: 2 });
    job.start('worker');
    settle(job, lost);
    expect(job).toMatchObject({ state: 'failed', attempt: 2, failure: { code: 'trainer_lost' } });
  });

  it('cancelled while queued is finished; while running it waits for its trainer, whatever that brings', () => {
    const waiting = queued();
    waiting.cancel();
    expect(waiting).toMatchObject({ state: 'cancelled', isFinished: true });
    for (const outcome of [lost, { kind: 'succeeded', result } as const]) {
      const job = running();
      job.cancel();
      job.cancel();
      expect(job).toMatchObject({ state: 'cancelling', isFinished: false });
      settle(job, outcome);
      expect(job).toMatchObject({ state: 'cancelled', result: null, attempt: 1 });
    }
  });

  it('that has finished cannot be cancelled', () => {
    const job = running();
    job.fail({ code: 'trainer_failed', message: 'no' });
    expect(() => job.cancel()).toThrow(expect.objectContaining({ code: 'training.job_finished' }));
  });
});
