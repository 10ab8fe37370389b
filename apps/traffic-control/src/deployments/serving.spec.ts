import { describe, expect, it } from 'vitest';
import { mergeServing, servingViolations } from './serving.js';
import type { Serving } from './serving.js';

const NONE: Serving = { maxBatchRows: 0, batchDelayUs: 0, priority: 0, maxQueueMs: 0, pinned: false };
const MOST: Serving = {
  maxBatchRows: 65_536,
  batchDelayUs: 1_000_000,
  priority: 9,
  maxQueueMs: 60_000,
  pinned: true,
};

describe('servingViolations', () => {
  it('accepts nothing, zeros and the bounds', () => {
    for (const serving of [undefined, NONE, MOST]) expect(servingViolations(serving, 's')).toEqual([]);
  });

  it.each(['maxBatchRows', 'batchDelayUs', 'priority', 'maxQueueMs'] as const)(
    'refuses %s out of range',
    (key) => {
      for (const value of [MOST[key] + 1, -1, 0.5, Number.NaN]) {
        expect(servingViolations({ ...NONE, [key]: value }, 's').map(({ path }) => path)).toEqual([
          `s.${key}`,
        ]);
      }
    },
  );
});

describe('mergeServing', () => {
  it('takes the largest batch, the shortest delay, the most urgent priority, the longest queue, and a pin', () => {
    const a = { maxBatchRows: 8, batchDelayUs: 500, priority: 3, maxQueueMs: 100, pinned: false };
    const b = { maxBatchRows: 32, batchDelayUs: 2_000, priority: 1, maxQueueMs: 50, pinned: true };
    const merged = { maxBatchRows: 32, batchDelayUs: 500, priority: 1, maxQueueMs: 100, pinned: true };
    expect(mergeServing(a, b)).toEqual(merged);
    expect(mergeServing(b, a)).toEqual(merged);
  });

  it('lets what says nothing give way, but not wait', () => {
    const a = { maxBatchRows: 8, batchDelayUs: 500, priority: 3, maxQueueMs: 100, pinned: true };
    expect(mergeServing(undefined, a)).toEqual(a);
    expect(mergeServing(a, undefined)).toEqual(a);
    expect(mergeServing(a, NONE)).toEqual({ ...a, batchDelayUs: 0 });
    expect(mergeServing(undefined, undefined)).toBeUndefined();
  });
});
