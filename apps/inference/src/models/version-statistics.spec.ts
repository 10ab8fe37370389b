import { expect, it } from 'vitest';
import { VersionStatistics } from './version-statistics.js';

it('counts rows, runs and requests, with nanoseconds, as Triton does', () => {
  const statistics = new VersionStatistics();
  const startedAt = Date.now();
  statistics.ran(3, 0.5, 2, 0.25);
  statistics.succeeded(1, 4);
  statistics.succeeded(1.5, 5);
  statistics.failed(7);
  const { lastInferenceMs, ...counts } = statistics.toProto();
  expect(Number(lastInferenceMs)).toBeGreaterThanOrEqual(startedAt);
  const runs = {
    computeInput: { count: '1', ns: '500000' },
    computeInfer: { count: '1', ns: '2000000' },
    computeOutput: { count: '1', ns: '250000' },
  };
  expect(counts).toEqual({
    inferenceCount: '3',
    executionCount: '1',
    success: { count: '2', ns: '9000000' },
    fail: { count: '1', ns: '7000000' },
    queue: { count: '2', ns: '2500000' },
    ...runs,
    batches: [{ batchSize: '3', ...runs }],
  });
});

it('tells batch sizes apart, the smallest first', () => {
  const statistics = new VersionStatistics();
  for (const rows of [16, 2, 16]) statistics.ran(rows, 0, 1, 0);
  const { batches, inferenceCount } = statistics.toProto();
  expect(batches.map((batch) => [batch.batchSize, batch.computeInfer?.count])).toEqual([
    ['2', '1'],
    ['16', '2'],
  ]);
  expect(inferenceCount).toBe('34');
});

it('says 0 for the last request of a version that has had none', () => {
  expect(new VersionStatistics().toProto()).toMatchObject({ lastInferenceMs: '0', batches: [] });
});
