import type { LoadReport } from './load.js';
import { percentile } from './statistics.js';

/** Throws when a call was not answered well. */
export type Send = () => Promise<unknown>;

/** Calls each sender again as soon as it has its answer, for so many seconds, and counts. */
export async function runClosedLoop(senders: readonly Send[], seconds: number): Promise<LoadReport> {
  const times: number[] = [];
  let failures = 0;
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  const callUntilEnd = async (send: Send): Promise<void> => {
    for (let now = performance.now(); now < end;) {
      try {
        await send();
        times.push(performance.now() - now);
      } catch (error) {
        // One is told; a thousand would be the same line.
        if (failures++ === 0) process.stderr.write(`${String(error)}\n`);
      }
      now = performance.now();
    }
  };
  await Promise.all(senders.map(callUntilEnd));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const sorted = Float64Array.from(times).sort();
  return {
    rps: times.length / elapsedSeconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    failures,
  };
}
