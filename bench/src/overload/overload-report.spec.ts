import { describe, expect, it } from 'vitest';
import type { OpenLoopResult } from '../load/open-loop.js';
import { formatOverload, summarizeRounds, type OverloadRound } from './overload-report.js';

function openLoop(part: Partial<OpenLoopResult>): OpenLoopResult {
  return {
    offeredRps: 300,
    acceptedRps: 95,
    p50Ms: 5,
    p99Ms: 10,
    shedShare: 0.6,
    shedP99Ms: 2,
    shedsWithoutRetryAfter: 0,
    failures: 0,
    ...part,
  };
}

function makeRound(overload: Partial<OpenLoopResult>, peakRps = 100): OverloadRound {
  return {
    peak: { rps: peakRps, p50Ms: 4, p99Ms: 8, failures: 0 },
    normal: openLoop({ p99Ms: 10 }),
    overload: openLoop(overload),
    recoveryMs: 12,
    rssGrowthMb: { gateway: 3, inference: 1 },
  };
}

describe('summarizeRounds', () => {
  it("holds each round's goodput against the peak of the same round", () => {
    // The machine was half as fast in the second round.
    const rounds = [makeRound({ acceptedRps: 95 }), makeRound({ acceptedRps: 47.5 }, 50)];
    expect(summarizeRounds(rounds).goodputShare).toBe(0.95);
  });

  it('adds up what must not happen, so that one bad round in many shows', () => {
    const rounds = [makeRound({}), makeRound({}), makeRound({ shedsWithoutRetryAfter: 2, failures: 1 })];
    expect(summarizeRounds(rounds)).toMatchObject({ shedsWithoutRetryAfter: 2, failures: 1 });
  });
});

describe('formatOverload', () => {
  const verdicts = (round: OverloadRound) =>
    formatOverload(summarizeRounds([round]))
      .filter((line) => line.includes('reached') || line.includes('REACHED'))
      .map((line) => !line.includes('NOT'));

  it('judges goodput, latency and refusals, each for itself', () => {
    expect(verdicts(makeRound({}))).toEqual([true, true, true]);
    expect(verdicts(makeRound({ acceptedRps: 80 }))).toEqual([false, true, true]);
    expect(verdicts(makeRound({ p99Ms: 21 }))).toEqual([true, false, true]);
    expect(verdicts(makeRound({ shedsWithoutRetryAfter: 1 }))).toEqual([true, true, false]);
    expect(verdicts(makeRound({ failures: 1 }))).toEqual([true, true, false]);
  });
});
