import { replica } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { sumStatistics } from './statistics-sum.js';

const part = (count: string, ns: string, last: string, sizes: readonly string[]): replica.VersionStatistics =>
  replica.VersionStatistics.fromPartial({
    lastInferenceMs: last,
    inferenceCount: count,
    executionCount: count,
    success: { count, ns },
    batches: sizes.map((batchSize) => ({ batchSize, computeInfer: { count, ns } })),
  });

describe('sumStatistics', () => {
  it('adds counts and times without loss beyond 2^53, and keeps the latest request', () => {
    const sum = sumStatistics([part('1', '9007199254740993', '20', []), part('2', '2', '9', [])]);
    expect(sum).toMatchObject({
      lastInferenceMs: '20',
      inferenceCount: '3',
      success: { count: '3', ns: '9007199254740995' },
      fail: { count: '0', ns: '0' },
    });
  });

  it('adds batches by their size, in the order of size', () => {
    const sum = sumStatistics([part('1', '10', '1', ['8', '1']), part('2', '20', '1', ['8', '16'])]);
    expect(sum.batches.map(({ batchSize, computeInfer }) => [batchSize, computeInfer])).toEqual([
      ['1', { count: '1', ns: '10' }],
      ['8', { count: '3', ns: '30' }],
      ['16', { count: '2', ns: '20' }],
    ]);
  });

  it('is zero for nothing', () => {
    expect(sumStatistics([])).toMatchObject({ inferenceCount: '0', lastInferenceMs: '0', batches: [] });
  });
});
