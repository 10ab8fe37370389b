import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Engine, LoadedModel, ModelFiles } from '../engines/engine.js';
import { EngineRoom } from '../engines/engine-room.js';
import type { TrialCandidate } from '../engines/engine-room.js';
import { ENGINES } from '../engines/engines.module.js';
import { readModelFiles } from './model-files.js';
import { notSupported } from './models.errors.js';
import type { VersionSpec } from './version-spec.js';
import { readSamples, withoutSamples } from './warm-up-samples.js';

/** Brings a model version into memory: fetch, verify, load, warm up. One at a time, since loading takes the machine. */
@Injectable()
export class ModelLoader {
  private previous: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(ENGINES) private readonly engines: readonly Engine[],
    private readonly room: EngineRoom,
    @Inject(CONFIG) private readonly config: Pick<Config, 'MAX_MODEL_BYTES' | 'MAX_BATCH_ROWS'>,
  ) {}

  /**
   * Loads a version and has it compute, so that the first caller does not pay for that. Throws DomainErrors;
   * kinds other than `unavailable` and `internal` mean that trying again would not help.
   */
  load(spec: VersionSpec): Promise<LoadedModel> {
    const turn = this.previous.then(() => this.loadNow(spec));
    this.previous = turn.catch(() => undefined);
    return turn;
  }

  /** Whether the version has to be tried out before it is loaded. What is not supported is not. */
  needsTrial(spec: VersionSpec): boolean {
    const engine = this.engines.find((each) => each.name === spec.engine);
    return engine !== undefined && this.room.needsTrial(engine, spec.format);
  }

  /**
   * Has a version load and run in another process, which does not keep others from being loaded here. Returns the bytes it
   * took at most, as far as that is known. Throws as `load` does.
   */
  async tryOut(spec: VersionSpec, isUrgent: () => boolean): Promise<number | undefined> {
    const contents = (): Promise<ModelFiles> => this.readFiles(spec);
    const result = await this.room.tryOut(this.engineFor(spec), this.candidateOf(spec, contents, isUrgent));
    return result?.peakBytes;
  }

  private async loadNow(spec: VersionSpec): Promise<LoadedModel> {
    const engine = this.engineFor(spec);
    const files = await this.readFiles(spec);
    return this.room.start(engine, {
      ...this.candidateOf(
        spec,
        () => Promise.resolve(files),
        () => true,
      ),
      modelVersionId: spec.id,
      files: withoutSamples(files),
      samples: readSamples(files, spec.signature),
    });
  }

  private readFiles({ manifest }: VersionSpec): Promise<ModelFiles> {
    return readModelFiles(this.blobs, manifest, this.config.MAX_MODEL_BYTES);
  }

  private candidateOf(
    { manifest, format, signature, serving }: VersionSpec,
    contents: () => Promise<ModelFiles>,
    isUrgent: () => boolean,
  ): TrialCandidate {
    const maxRows = serving?.maxBatchRows || this.config.MAX_BATCH_ROWS;
    return { digest: manifest.sha256, format, signature, maxRows, contents, isUrgent };
  }

  private engineFor(spec: VersionSpec): Engine {
    const engine = this.engines.find((each) => each.name === spec.engine);
    if (engine === undefined) {
      const names = this.engines.map((each) => each.name).join(', ');
      throw notSupported(`The version needs engine "${spec.engine}"; this replica has ${names}.`);
    }
    if (!engine.formats.has(spec.format)) {
      throw notSupported(
        `Engine ${engine.name} does not read format "${spec.format}"; it reads ${[...engine.formats].join(', ')}.`,
      );
    }
    const odd = [...spec.signature.inputs, ...spec.signature.outputs].find(
      (each) => !engine.datatypes.has(each.datatype),
    );
    if (odd === undefined) return engine;
    throw notSupported(
      `${odd.datatype} (of "${odd.name}") is not supported by this model's engine ${engine.name}; it computes ${[...engine.datatypes].join(', ')}.`,
    );
  }
}
