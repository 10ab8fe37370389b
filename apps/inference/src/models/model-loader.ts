import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { PREPROCESSING_FILE, SIGNATURE_FILE } from '@aimass/platform-model-files';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Engine, LoadedModel, ModelFiles } from '../engines/engine.js';
import { EngineRoom } from '../engines/engine-room.js';
import type { TrialCandidate } from '../engines/engine-room.js';
import { ENGINES } from '../engines/engines.module.js';
import { ModelPreparation } from '../preprocessing/model-preparation.js';
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
    const preparation = await this.preparationOf(spec);
    const contents = async (): Promise<ModelFiles> => engineFiles(await this.readFiles(spec), preparation);
    const inner = innerSpec(spec, preparation);
    const result = await this.room.tryOut(this.engineFor(inner), this.candidateOf(inner, contents, isUrgent));
    return result?.peakBytes;
  }

  private async loadNow(spec: VersionSpec): Promise<LoadedModel> {
    const preparation = await this.preparationOf(spec);
    const inner = innerSpec(spec, preparation);
    const engine = this.engineFor(inner);
    const files = await this.readFiles(spec);
    const samples = readSamples(files, spec.signature);
    const model = await this.room.start(engine, {
      ...this.candidateOf(
        inner,
        () => Promise.resolve(engineFiles(files, preparation)),
        () => true,
      ),
      modelVersionId: spec.id,
      files: withoutSamples(engineFiles(files, preparation)),
      samples: preparation ? samples.map((sample) => preparation.prepare(sample)) : samples,
    });
    return preparation?.around(model) ?? model;
  }

  /** What comes before the engine; most versions have nothing there. */
  private async preparationOf({ manifest, signature }: VersionSpec): Promise<ModelPreparation | undefined> {
    const ours = manifest.files.filter(({ path }) => path === PREPROCESSING_FILE || path === SIGNATURE_FILE);
    if (!ours.some(({ path }) => path === PREPROCESSING_FILE)) return undefined;
    const files = new Map<string, Buffer>();
    for (const { path, sha256 } of ours) files.set(path, await this.blobs.read(sha256));
    return ModelPreparation.of(files, signature);
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

/** The version as its engine knows it. */
function innerSpec(spec: VersionSpec, preparation: ModelPreparation | undefined): VersionSpec {
  return preparation ? { ...spec, signature: preparation.engineSignature } : spec;
}

/** Sample requests are what callers send, so an engine behind a preparation can make nothing of them. */
function engineFiles(files: ModelFiles, preparation: ModelPreparation | undefined): ModelFiles {
  if (!preparation) return files;
  return withoutSamples(new Map([...files].filter(([path]) => path !== PREPROCESSING_FILE)));
}
