import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Engine, LoadedModel } from '../engines/engine.js';
import { ENGINES } from '../engines/engines.module.js';
import { modelUnusable } from '../engines/engines.errors.js';
import { DATATYPES } from '../tensors/datatype.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import type { Tensor } from '../tensors/tensor.js';
import { readModelFiles } from './model-files.js';
import { notSupported } from './models.errors.js';
import type { VersionSpec } from './version-spec.js';

/** Brings a model version into memory: fetch, verify, load, warm up. One at a time, since loading takes the machine. */
@Injectable()
export class ModelLoader {
  private previous: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(ENGINES) private readonly engines: readonly Engine[],
    @Inject(CONFIG) private readonly config: Pick<Config, 'MAX_MODEL_BYTES'>,
  ) {}

  /**
   * Loads a version and has it compute once, so that the first caller does not pay for that. Throws DomainErrors;
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
    const model = await engine.load(files, spec.signature, spec.format);
    try {
      await warmUp(model, spec.signature);
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
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

/** One run on zeros; what comes out must have the signature's shapes. */
async function warmUp(model: LoadedModel, signature: Signature): Promise<void> {
  const outputs = await model.run(signature.inputs.map(zeros)).catch((error: unknown) => {
    throw modelUnusable(
      `The model does not run: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  });
  for (const [index, spec] of signature.outputs.entries()) {
    const shape = outputs[index]?.shape ?? [];
    const fits =
      shape.length === spec.shape.length && spec.shape.every((size, i) => size === -1 || size === shape[i]);
    if (!fits) {
      throw modelUnusable(
        `Output "${spec.name}" came out as [${shape.join(',')}], the signature says [${spec.shape.join(',')}].`,
      );
    }
  }
}

function zeros({ datatype, shape: declared }: TensorSpec): Tensor {
  const shape = declared.map((size) => (size === -1 ? 1 : size));
  const data = DATATYPES[datatype].allocate(elementCount(shape));
  return { datatype, shape, data: Array.isArray(data) ? data.fill('') : data };
}
