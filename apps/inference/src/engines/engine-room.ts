import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import { isEngineName } from './create-engine.js';
import type { EngineSettings } from './create-engine.js';
import type { Engine, LoadedModel, ModelFiles } from './engine.js';
import type { LanePool } from './lanes/lane-pool.js';
import type { Trials } from './trial/trials.js';
import { warmUp } from './warm-up.js';
import type { Watchdog } from './watchdog/watchdog.js';

/** A version that is to serve: its verified files, its sample requests and how it is called. */
export interface ModelStart {
  readonly modelVersionId: string;
  /** Digest of its manifest. */
  readonly digest: string;
  readonly format: string;
  readonly signature: Signature;
  readonly files: ModelFiles;
  /** All files, with the sample requests, for a trial. */
  readonly allFiles: ModelFiles;
  readonly samples: readonly (readonly Tensor[])[];
  /** Rows of a full batch. */
  readonly maxRows: number;
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

  /** Settles when the model is warm. Throws as `Engine.load` does. */
  async start(engine: Engine, start: ModelStart): Promise<LoadedModel> {
    const triedMs = await this.tryOut(engine, start);
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

  /** How long a run took in the trial, in milliseconds; undefined when there was none. */
  private async tryOut(engine: Engine, start: ModelStart): Promise<number | undefined> {
    const { trials, settings } = this.parts;
    if (!trials || !isEngineName(engine.name) || !engine.riskyFormats.has(start.format)) return undefined;
    const { digest, format, signature, maxRows, allFiles: contents } = start;
    const result = await trials.pass({
      engine: engine.name,
      digest,
      format,
      signature,
      maxRows,
      contents,
      settings,
    });
    return result.runMs;
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
