import type { DataPlaneTuning } from './ports.js';

/** The values the data plane runs with. */
export function defaultTuning(): DataPlaneTuning {
  return {
    holdMs: 10_000,
    pingMs: 1_000,
    stallMs: 2_000,
    refusingMs: 1_000,
    ejectMs: 5_000,
    maxEjectMs: 60_000,
    forgiveMs: 60_000,
    rampMs: 10_000,
    retryShare: 0.2,
    retryFloor: 3,
    swapMs: 60_000,
    maxLagMs: 100,
    maxOpenCalls: 10_000,
    maxOpenBytes: 512 * 1024 * 1024,
    heartbeatMs: 5_000,
    sweepMs: 50,
    renewMs: 200,
    segmentBytes: 8 * 1024 * 1024,
    segmentMs: 5 * 60_000,
    isSpoolSynced: false,
    shipDelayMs: 50,
  };
}
