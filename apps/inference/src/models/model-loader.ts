import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Engine, LoadedModel } from '../engines/engine.js';
import { EngineRoom } from '../engines/engine-room.js';
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

  private async loadNow(spec: VersionSpec): Promise<LoadedModel> {
    const engine = this.engineFor(spec);
    const files = await readModelFiles(this.blobs, spec.manifest, this.config.MAX_MODEL_BYTES);
    return this.room.start(engine, {
      modelVersionId: spec.id,
      digest: spec.manifest.sha256,
      format: spec.format,
      signature: spec.signature,
      files: withoutSamples(files),
      allFiles: files,
      samples: readSamples(files, spec.signature),
      maxRows: spec.serving?.maxBatchRows || this.config.MAX_BATCH_ROWS,
    });
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
