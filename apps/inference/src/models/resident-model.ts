import type { LoadedModel } from '../engines/engine.js';
import type { RunJournal } from '../engines/run-guard.js';
import type { Tensor } from '../tensors/tensor.js';
import type { Probation } from './crashes/probation.js';

/** What stands around a model's runs. */
export interface RunSurroundings {
  readonly modelVersionId: string;
  readonly journal: RunJournal;
  readonly probation: Probation | undefined;
}

/** A model in memory: its runs are journaled, and it is freed when the last of them is over. */
export class ResidentModel implements LoadedModel {
  /** Settles when the memory is free. */
  readonly freed: Promise<void>;
  private markFreed: () => void = () => undefined;
  private running = 0;
  private isDisposed = false;
  private isFree = false;

  constructor(
    private readonly model: LoadedModel,
    private readonly around: RunSurroundings,
  ) {
    this.freed = new Promise((resolve) => (this.markFreed = resolve));
  }

  get isFreed(): boolean {
    return this.isFree;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const { probation } = this.around;
    this.running += 1;
    try {
      if (probation === undefined || probation.isOver) return await this.runNoted(inputs);
      return await probation.run(() => this.runNoted(inputs));
    } finally {
      this.running -= 1;
      if (this.isDisposed && this.running === 0) this.free();
    }
  }

  /** Frees the memory once nothing runs: native code that is still computing must not lose it. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    if (this.running === 0) this.free();
  }

  private async runNoted(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const { journal, modelVersionId } = this.around;
    const slot = journal.begin(modelVersionId);
    try {
      return await this.model.run(inputs);
    } finally {
      journal.end(slot);
    }
  }

  private free(): void {
    this.isFree = true;
    this.model.dispose();
    this.markFreed();
  }
}
