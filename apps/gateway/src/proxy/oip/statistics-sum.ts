import { replica } from '@aimass/contracts';

type Duration = replica.DurationStatistic | undefined;

/** What a version has done on all replicas together; the last request is the latest of all. Exact beyond 2^53. */
export function sumStatistics(parts: readonly replica.VersionStatistics[]): replica.VersionStatistics {
  return parts.reduce(add, replica.VersionStatistics.fromPartial({}));
}

function add(a: replica.VersionStatistics, b: replica.VersionStatistics): replica.VersionStatistics {
  return {
    lastInferenceMs:
      BigInt(a.lastInferenceMs) > BigInt(b.lastInferenceMs) ? a.lastInferenceMs : b.lastInferenceMs,
    inferenceCount: addNumbers(a.inferenceCount, b.inferenceCount),
    executionCount: addNumbers(a.executionCount, b.executionCount),
    success: addDurations(a.success, b.success),
    fail: addDurations(a.fail, b.fail),
    queue: addDurations(a.queue, b.queue),
    computeInput: addDurations(a.computeInput, b.computeInput),
    computeInfer: addDurations(a.computeInfer, b.computeInfer),
    computeOutput: addDurations(a.computeOutput, b.computeOutput),
    batches: addBatches(a.batches, b.batches),
  };
}

function addBatches(
  a: readonly replica.BatchStatistics[],
  b: readonly replica.BatchStatistics[],
): replica.BatchStatistics[] {
  const bySize = new Map(a.map((batch) => [batch.batchSize, batch]));
  for (const batch of b) {
    const known = bySize.get(batch.batchSize);
    bySize.set(batch.batchSize, {
      batchSize: batch.batchSize,
      computeInput: addDurations(known?.computeInput, batch.computeInput),
      computeInfer: addDurations(known?.computeInfer, batch.computeInfer),
      computeOutput: addDurations(known?.computeOutput, batch.computeOutput),
    });
  }
  return [...bySize.values()].sort((x, y) => Number(x.batchSize) - Number(y.batchSize));
}

function addDurations(a: Duration, b: Duration): replica.DurationStatistic {
  return { count: addNumbers(a?.count ?? '0', b?.count ?? '0'), ns: addNumbers(a?.ns ?? '0', b?.ns ?? '0') };
}

function addNumbers(a: string, b: string): string {
  return String(BigInt(a) + BigInt(b));
}
