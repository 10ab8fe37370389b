import type { DataPlaneTuning } from './ports.js';

/** The values the data plane runs with. */
export function defaultTuning(): DataPlaneTuning {
  return {
    holdMs: 10_000,
    stallMs: 5_000,
    heartbeatMs: 5_000,
    sweepMs: 50,
    renewMs: 200,
    segmentBytes: 8 * 1024 * 1024,
    segmentMs: 5 * 60_000,
    isSpoolSynced: false,
    shipDelayMs: 50,
  };
}
