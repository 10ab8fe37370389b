import type { LoadReport } from '../load/load.js';
import type { OpenLoopResult } from '../load/open-loop.js';
import { median, round } from '../load/statistics.js';

/** What one round measured. */
export interface OverloadRound {
  /** Closed loop: as much as can be done. */
  readonly peak: LoadReport;
  /** Open loop a little below the peak. */
  readonly normal: OpenLoopResult;
  /** Open loop at three times the peak. */
  readonly overload: OpenLoopResult;
  /** From the end of the overload until answers are good and as fast as normal again. */
  readonly recoveryMs: number;
  readonly rssGrowthMb: { readonly gateway: number; readonly inference: number };
}

/** Medians over the rounds; counts of what must not happen are sums. */
export interface OverloadSummary {
  readonly peakRps: number;
  readonly peakP99Ms: number;
  readonly normalP50Ms: number;
  readonly normalP99Ms: number;
  readonly offeredRps: number;
  readonly goodputRps: number;
  /** Goodput at overload over the peak, round by round. */
  readonly goodputShare: number;
  readonly acceptedP50Ms: number;
  readonly acceptedP99Ms: number;
  /** Accepted p99 at overload over the normal p99, round by round. */
  readonly p99Ratio: number;
  readonly shedShare: number;
  readonly shedP99Ms: number;
  readonly shedsWithoutRetryAfter: number;
  readonly failures: number;
  readonly gatewayRssGrowthMb: number;
  readonly inferenceRssGrowthMb: number;
  readonly recoveryMs: number;
}

const GOODPUT_AIM = 0.9;
const P99_AIM = 2;

/** Puts the rounds together. */
export function summarizeRounds(rounds: readonly OverloadRound[]): OverloadSummary {
  const middle = (of: (round: OverloadRound) => number, digits: number) =>
    round(median(rounds.map(of)), digits);
  const sum = (of: (round: OverloadRound) => number) => rounds.reduce((total, next) => total + of(next), 0);
  return {
    peakRps: middle(({ peak }) => peak.rps, 1),
    peakP99Ms: middle(({ peak }) => peak.p99Ms, 2),
    normalP50Ms: middle(({ normal }) => normal.p50Ms, 2),
    normalP99Ms: middle(({ normal }) => normal.p99Ms, 2),
    offeredRps: middle(({ overload }) => overload.offeredRps, 1),
    goodputRps: middle(({ overload }) => overload.acceptedRps, 1),
    goodputShare: middle(({ overload, peak }) => overload.acceptedRps / peak.rps, 3),
    acceptedP50Ms: middle(({ overload }) => overload.p50Ms, 2),
    acceptedP99Ms: middle(({ overload }) => overload.p99Ms, 2),
    p99Ratio: middle(({ overload, normal }) => overload.p99Ms / normal.p99Ms, 2),
    shedShare: middle(({ overload }) => overload.shedShare, 3),
    shedP99Ms: middle(({ overload }) => overload.shedP99Ms, 2),
    shedsWithoutRetryAfter: sum(({ overload }) => overload.shedsWithoutRetryAfter),
    failures: sum(({ overload }) => overload.failures),
    gatewayRssGrowthMb: middle(({ rssGrowthMb }) => rssGrowthMb.gateway, 1),
    inferenceRssGrowthMb: middle(({ rssGrowthMb }) => rssGrowthMb.inference, 1),
    recoveryMs: middle(({ recoveryMs }) => recoveryMs, 0),
  };
}

/** The summary for people, each aim with its verdict. */
export function formatOverload(summary: OverloadSummary): string[] {
  const { goodputShare, p99Ratio, shedsWithoutRetryAfter, failures } = summary;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return [
    '',
    `peak ${summary.peakRps} req/s; asked for ${summary.offeredRps} req/s`,
    `goodput ${summary.goodputRps} req/s is ${percent(goodputShare)} of the peak, aim ≥ ${percent(GOODPUT_AIM)}: ${verdict(goodputShare >= GOODPUT_AIM)}`,
    `accepted p50 ${summary.acceptedP50Ms} ms (normal ${summary.normalP50Ms} ms), p99 ${summary.acceptedP99Ms} ms (normal ${summary.normalP99Ms} ms)`,
    `accepted p99 is ${p99Ratio} times the normal one, aim ≤ ${P99_AIM}: ${verdict(p99Ratio <= P99_AIM)}`,
    `${percent(summary.shedShare)} refused with 503 (p99 ${summary.shedP99Ms} ms), ${shedsWithoutRetryAfter} of them without Retry-After, ${failures} other failures: ${verdict(shedsWithoutRetryAfter + failures === 0)}`,
    `memory grew by ${summary.gatewayRssGrowthMb} MB (gateway) and ${summary.inferenceRssGrowthMb} MB (inference)`,
    `calm again after ${summary.recoveryMs} ms`,
  ];
}

function verdict(reached: boolean): string {
  return reached ? 'reached' : 'NOT REACHED';
}
