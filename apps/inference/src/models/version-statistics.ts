import type { replica } from '@aimass/contracts';
import type { BatchObserver } from '../batching/batcher.js';

/** Times something happened and how long it took altogether, in milliseconds. */
class Duration {
  private count = 0;
  private totalMs = 0;

  add(ms: number): void {
    this.count += 1;
    this.totalMs += ms;
  }

  toProto(): replica.DurationStatistic {
    return { count: String(this.count), ns: String(Math.round(this.totalMs * 1e6)) };
  }
}

/** What runs of one batch size took. */
class BatchDurations {
  readonly input = new Duration();
  readonly compute = new Duration();
  readonly output = new Duration();

  add(inputMs: number, computeMs: number, outputMs: number): void {
    this.input.add(inputMs);
    this.compute.add(computeMs);
    this.output.add(outputMs);
  }
}

/**
 * What one version has done on this replica. The meanings are those of Triton's statistics extension
 * (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md).
 */
export class VersionStatistics implements BatchObserver {
  private lastInferenceMs = 0;
  private rows = 0;
  private runs = 0;
  private readonly success = new Duration();
  private readonly fail = new Duration();
  private readonly queue = new Duration();
  private readonly all = new BatchDurations();
  private readonly bySize = new Map<number, BatchDurations>();

  ran(rows: number, inputMs: number, computeMs: number, outputMs: number): void {
    this.rows += rows;
    this.runs += 1;
    this.all.add(inputMs, computeMs, outputMs);
    let durations = this.bySize.get(rows);
    if (durations === undefined) this.bySize.set(rows, (durations = new BatchDurations()));
    durations.add(inputMs, computeMs, outputMs);
  }

  succeeded(queueMs: number, totalMs: number): void {
    this.lastInferenceMs = Date.now();
    this.success.add(totalMs);
    this.queue.add(queueMs);
  }

  failed(totalMs: number): void {
    this.fail.add(totalMs);
  }

  toProto(): replica.VersionStatistics {
    const batches = [...this.bySize].sort(([a], [b]) => a - b);
    return {
      lastInferenceMs: String(this.lastInferenceMs),
      inferenceCount: String(this.rows),
      executionCount: String(this.runs),
      success: this.success.toProto(),
      fail: this.fail.toProto(),
      queue: this.queue.toProto(),
      computeInput: this.all.input.toProto(),
      computeInfer: this.all.compute.toProto(),
      computeOutput: this.all.output.toProto(),
      batches: batches.map(([rows, durations]) => ({
        batchSize: String(rows),
        computeInput: durations.input.toProto(),
        computeInfer: durations.compute.toProto(),
        computeOutput: durations.output.toProto(),
      })),
    };
  }
}
