import type { OpenLoopResult, Outcome } from './open-loop.js';
import { percentile } from './statistics.js';

const SHED = 503;

/** Counts the outcomes of a run that offered requests for so many seconds. */
export function countOutcomes(outcomes: readonly Outcome[], seconds: number): OpenLoopResult {
  const accepted = outcomes.filter(({ status }) => status >= 200 && status < 300);
  const sheds = outcomes.filter(({ status }) => status === SHED);
  const times = sortedTimes(accepted);
  return {
    offeredRps: outcomes.length / seconds,
    acceptedRps: accepted.length / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    shedShare: outcomes.length === 0 ? 0 : sheds.length / outcomes.length,
    shedP99Ms: sheds.length === 0 ? 0 : percentile(sortedTimes(sheds), 0.99),
    shedsWithoutRetryAfter: sheds.filter(({ hasRetryAfter }) => !hasRetryAfter).length,
    failures: outcomes.length - accepted.length - sheds.length,
  };
}

function sortedTimes(outcomes: readonly Outcome[]): Float64Array {
  return Float64Array.from(outcomes, ({ milliseconds }) => milliseconds).sort();
}
