import type { ModelLoader } from './model-loader.js';
import type { ServedModel } from './served-model.js';

/** What a queue of loads is told, and asked. */
export interface TryoutHooks {
  /** Whether somebody waits for the version by now. */
  readonly isUrgent: (model: ServedModel) => boolean;
  /** The version may be loaded. */
  readonly onPassed: (model: ServedModel) => void;
  readonly onFailed: (model: ServedModel, error: unknown) => void;
}

/** Versions on trial in other processes, before their turn to be loaded comes: a bad one keeps nobody waiting. */
export class Tryouts {
  private readonly running = new WeakSet<ServedModel>();
  /** Version → the bytes it took at most, where that is known. Its files never change, so it has passed for good. */
  private readonly passed = new WeakMap<ServedModel, { readonly peakBytes: number | undefined }>();

  constructor(
    private readonly loader: Pick<ModelLoader, 'needsTrial' | 'tryOut'>,
    private readonly hooks: TryoutHooks,
  ) {}

  /** Whether the version may be loaded. */
  hasPassed(model: ServedModel): boolean {
    return this.passed.has(model) || !this.loader.needsTrial(model.spec);
  }

  /** Bytes that the version took at most in its trial. */
  peakBytesOf(model: ServedModel): number | undefined {
    return this.passed.get(model)?.peakBytes;
  }

  /** Starts the version's trial, once, unless it has passed. */
  begin(model: ServedModel): void {
    if (this.running.has(model) || this.hasPassed(model)) return;
    this.running.add(model);
    void this.tryOut(model);
  }

  private async tryOut(model: ServedModel): Promise<void> {
    const { loader, hooks } = this;
    try {
      const peakBytes = await loader.tryOut(model.spec, () => hooks.isUrgent(model));
      this.passed.set(model, { peakBytes });
    } catch (error) {
      this.running.delete(model);
      hooks.onFailed(model, error);
      return;
    }
    this.running.delete(model);
    hooks.onPassed(model);
  }
}
