import { describe, expect, it } from 'vitest';
import type { Outcome } from './open-loop.js';
import { countOutcomes } from './open-loop-result.js';

const answered = (status: number, milliseconds: number, hasRetryAfter = false): Outcome => ({
  status,
  milliseconds,
  hasRetryAfter,
});

describe('countOutcomes', () => {
  it('counts only good answers as goodput, and their times only', () => {
    const outcomes = [answered(200, 10), answered(200, 20), answered(503, 1, true), answered(503, 3, true)];
    expect(countOutcomes(outcomes, 2)).toEqual({
      offeredRps: 2,
      acceptedRps: 1,
      p50Ms: 10,
      p99Ms: 20,
      shedShare: 0.5,
      shedP99Ms: 3,
      shedsWithoutRetryAfter: 0,
      failures: 0,
    });
  });

  it('notices a refusal without Retry-After, and every answer that is neither', () => {
    const outcomes = [answered(503, 1), answered(500, 1), answered(0, 1), answered(429, 1, true)];
    expect(countOutcomes(outcomes, 1)).toMatchObject({ shedsWithoutRetryAfter: 1, failures: 3 });
  });
});
