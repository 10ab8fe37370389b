import { Worker } from 'node:worker_threads';
import type { LoadedModel } from '../engine.js';
import { entryPoint } from '../entry-point.js';
import type { Tensor } from '../../tensors/tensor.js';
import { CountedModel, createRunCounters, WATCHED_MODELS } from './run-counters.js';
import type { RunCounters } from './run-counters.js';
import type { SlotNotice, WatchdogData } from './watchdog-thread.js';

/** A model's place under the eyes of the watchdog. */
export interface WatchedSlot {
  readonly slot: number;
  readonly counters: RunCounters;
}

/**
 * Ends the process (SIGALRM) when a run does not come to an end within the limit. A native run cannot be stopped from
 * outside, and while it goes on in the event loop, nothing else does: a new process, which knows from the journal whose
 * run it was, serves the others sooner. A thread of its own looks, since the event loop may be what is stuck.
 */
export class Watchdog {
  private readonly counters = createRunCounters();
  private readonly free: number[] = [];
  private used = 0;
  private readonly thread: Worker;

  constructor(limitSeconds: number) {
    const { path, execArgv } = entryPoint('./watchdog-thread', import.meta.url);
    const workerData: WatchdogData = { counters: this.counters, limitSeconds };
    this.thread = new Worker(path, { workerData, execArgv: [...execArgv], stdout: false, stderr: false });
    this.thread.unref();
  }

  /** Takes a place for a version; undefined when all are taken. */
  claim(modelVersionId: string): WatchedSlot | undefined {
    const slot = this.free.pop() ?? (this.used < WATCHED_MODELS ? this.used++ : undefined);
    if (slot === undefined) return undefined;
    Atomics.store(this.counters, slot, 0);
    this.tell({ slot, modelVersionId });
    return { slot, counters: this.counters };
  }

  release({ slot }: WatchedSlot): void {
    this.tell({ slot, modelVersionId: undefined });
    this.free.push(slot);
  }

  /** Watches a model that runs in this thread until it is disposed. */
  watch(model: LoadedModel, modelVersionId: string): LoadedModel {
    const place = this.claim(modelVersionId);
    if (place === undefined) return model;
    const counted = new CountedModel(model, place.counters, place.slot);
    return new OwningModel(counted, () => this.release(place));
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }

  private tell(notice: SlotNotice): void {
    this.thread.postMessage(notice);
  }
}

/** A model that gives something back when it is disposed. */
export class OwningModel implements LoadedModel {
  readonly memoryBytes?: number;

  constructor(
    private readonly model: LoadedModel,
    private readonly giveBack: () => void,
  ) {
    if (model.memoryBytes !== undefined) this.memoryBytes = model.memoryBytes;
  }

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return this.model.run(inputs);
  }

  dispose(): void {
    this.model.dispose();
    this.giveBack();
  }
}
