import type { Tensor } from '../../tensors/tensor.js';
import type { LoadedModel } from '../engine.js';

/** Models that can be watched at once; more are served unwatched. */
export const WATCHED_MODELS = 16_384;

/**
 * One counter per model in memory that all threads see: odd while a run is on its way, and another number for every run.
 * Nobody reads a clock for it: a run costs two atomic additions.
 */
export type RunCounters = Int32Array<SharedArrayBuffer>;

export function createRunCounters(): RunCounters {
  return new Int32Array(new SharedArrayBuffer(WATCHED_MODELS * Int32Array.BYTES_PER_ELEMENT));
}

/** Counts the runs of a model in its slot. */
export class CountedModel implements LoadedModel {
  readonly memoryBytes?: number;

  constructor(
    private readonly model: LoadedModel,
    private readonly counters: RunCounters,
    private readonly slot: number,
  ) {
    if (model.memoryBytes !== undefined) this.memoryBytes = model.memoryBytes;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    Atomics.add(this.counters, this.slot, 1);
    try {
      return await this.model.run(inputs);
    } finally {
      Atomics.add(this.counters, this.slot, 1);
    }
  }

  dispose(): void {
    this.model.dispose();
  }
}
