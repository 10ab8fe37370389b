import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import { isEngineName } from './create-engine.js';
import type { EngineSettings } from './create-engine.js';
import type { Engine, LoadedModel, ModelFiles } from './engine.js';
import type { LanePool } from './lanes/lane-pool.js';
import type { TrialResult, Trials } from './trial/trials.js';
import { warmUp } from './warm-up.js';
import type { Watchdog } from './watchdog/watchdog.js';

/** A version as a trial takes it. */
export interface TrialCandidate {
  /** Digest of its manifest. */
  readonly digest: string;
  readonly format: string;
  readonly signature: Signature;
  /** Rows of a full batch. */
  readonly maxRows: number;
  /** Reads its files and sample requests, verified. */
  readonly contents: () => Promise<ModelFiles>;
  /** Whether somebody waits for it by now. */
  readonly isUrgent: () => boolean;
}

/** A version that is to serve: its verified files without its sample requests, and those as tensors. */
export interface ModelStart extends TrialCandidate {
  readonly modelVersionId: string;
  readonly files: ModelFiles;
  readonly samples: readonly (readonly Tensor[])[];
}

/** What stands around the engines; without a part, models run without what it does. */
export interface EngineRoomParts {
  readonly settings: EngineSettings;
  readonly trials?: Trials;
  readonly lanes?: LanePool;
  /** A run that takes longer, in milliseconds, is kept off the event loop. */
  readonly slowRunMs: number;
  readonly watchdog?: Watchdog;
}

/**
 * Where models come to life: tried in another process when they could end this one, warmed up before anybody calls them,
 * watched while they run, and kept off the event loop when their runs are long.
 */
export class EngineRoom implements OnApplicationShutdown {
  private readonly logger = new Logger('engines');

  constructor(private readonly parts: EngineRoomParts) {}

  /** Whether versions of this format have to pass a trial. */
  needsTrial(engine: Engine, format: string): boolean {
    return this.parts.trials !== undefined && isEngineName(engine.name) && engine.riskyFormats.has(format);
  }

  /** Settles when the version has passed its trial, with undefined when it needs none. Throws as `Engine.load` does. */
  async tryOut(engine: Engine, candidate: TrialCandidate): Promise<TrialResult | undefined> {
    const { trials, settings } = this.parts;
    if (!trials || !isEngineName(engine.name) || !this.needsTrial(engine, candidate.format)) return undefined;
    return trials.pass({ ...candidate, engine: engine.name, settings });
  }

  /** Settles when the model is warm. Throws as `Engine.load` does. */
  async start(engine: Engine, start: ModelStart): Promise<LoadedModel> {
    // One that has passed before is not tried again: this is how long its runs took then.
    const triedMs = (await this.tryOut(engine, start))?.runMs;
    if (triedMs !== undefined && this.isSlow(engine, triedMs)) return this.startInLane(engine, start);
    const loaded = await engine.load(start.files, start.signature, start.format);
    const model = this.parts.watchdog?.watch(loaded, start.modelVersionId) ?? loaded;
    const runMs = await this.warmOrFree(model, start);
    if (!this.isSlow(engine, runMs)) return model;
    model.dispose();
    return this.startInLane(engine, start);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.parts.lanes?.stop();
    await this.parts.watchdog?.stop();
  }

  private isSlow(engine: Engine, runMs: number): boolean {
    return this.parts.lanes !== undefined && engine.isThreadSafe && runMs > this.parts.slowRunMs;
  }

  private async startInLane(engine: Engine, start: ModelStart): Promise<LoadedModel> {
    const { lanes } = this.parts;
    if (!lanes || !isEngineName(engine.name)) throw new Error(`Engine ${engine.name} has no lanes.`);
    const { modelVersionId, format, signature, files } = start;
    const model = await lanes.load(modelVersionId, {
      engine: engine.name,
      format,
      signature,
      files: [...files],
    });
    await this.warmOrFree(model, start);
    return model;
  }

  /** How long a run of a model takes, in milliseconds, once it is warm. One that is not to serve is freed. */
  private async warmOrFree(model: LoadedModel, start: ModelStart): Promise<number> {
    try {
      const { runMs, refusal } = await warmUp(model, start);
      if (refusal !== undefined) {
        this.logger.log(
          `${start.modelVersionId} serves without a warm-up: it does not compute zeros (${refusal}); a warmup.json with its own requests would help`,
        );
      }
      return runMs;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }
}
