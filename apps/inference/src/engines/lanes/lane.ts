import { Worker } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import type { Tensor } from '../../tensors/tensor.js';
import type { EngineSettings } from '../create-engine.js';
import type { LoadedModel } from '../engine.js';
import { entryPoint } from '../entry-point.js';
import { fromRemoteError } from '../remote-error.js';
import type { LaneAnswer, LaneData, LaneLoad, LaneRequest } from './lane-messages.js';
import { packCopies } from './transfer.js';

interface Waiting {
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread in which models run whose runs would hold up the event loop. A lane that ends takes the process with it: its
 * models are gone, and a new process has them again sooner than anybody could sort that out.
 */
export class Lane {
  /** Models that live here. */
  size = 0;
  private readonly thread: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  constructor(settings: EngineSettings) {
    const { path, execArgv } = entryPoint('./lane-thread', import.meta.url);
    const workerData: LaneData = { settings };
    this.thread = new Worker(path, { workerData, execArgv: [...execArgv] });
    this.thread.on('message', (answer: LaneAnswer) => this.settle(answer));
    this.thread.unref();
  }

  /** Loads a model into this lane. Rejects as its engine's `load` does. */
  async load(load: LaneLoad): Promise<LoadedModel> {
    const model = ++this.calls;
    const transfer = load.files.flatMap(([, content]) => {
      const { buffer, byteLength } = content;
      return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
    });
    await this.ask({ kind: 'load', call: model, model, load }, [...new Set(transfer)]);
    this.size += 1;
    return {
      run: (inputs) => this.run(model, inputs),
      dispose: () => {
        this.size -= 1;
        this.thread.postMessage({ kind: 'dispose', model } satisfies LaneRequest);
      },
    };
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }

  private run(model: number, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const { tensors, transfer } = packCopies(inputs);
    return this.ask({ kind: 'run', call: ++this.calls, model, inputs: tensors }, transfer);
  }

  private ask(
    request: Exclude<LaneRequest, { kind: 'dispose' }>,
    transfer: Transferable[],
  ): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.call, { resolve, reject });
      // While somebody waits, the process does not end by itself.
      this.thread.ref();
      this.thread.postMessage(request, transfer);
    });
  }

  private settle(answer: LaneAnswer): void {
    const waiting = this.waiting.get(answer.call);
    this.waiting.delete(answer.call);
    if (this.waiting.size === 0) this.thread.unref();
    if ('error' in answer) waiting?.reject(fromRemoteError(answer.error));
    else waiting?.resolve(answer.outputs);
  }
}
