import { loadLayersModel, TensorflowModelError } from '@aimass/platform-tensorflow';
import type { Tensorflow, TensorflowRuntime } from '@aimass/platform-tensorflow';
import { z } from 'zod';
import type { Datatype } from '../tensors/datatype.js';
import type { Signature } from '../tensors/signature.js';
import type { Engine, LoadedModel, ModelFiles } from './engine.js';
import { modelUnusable } from './engines.errors.js';
import { TensorflowModel } from './tensorflow-model.js';

type LayersModel = Awaited<ReturnType<typeof loadLayersModel>>;

const weightsManifestSchema = z.object({
  weightsManifest: z.array(z.object({ paths: z.array(z.string()) })),
});

/** Runs TF.js Layers models: `model.json` and its weight files. */
export class TensorflowEngine implements Engine {
  readonly name = 'tensorflow';
  readonly formats: ReadonlySet<string> = new Set(['tfjs-layers']);
  /** TF.js computes in float32 and int32; 64-bit and unsigned 32-bit values would silently change. */
  readonly datatypes: ReadonlySet<Datatype> = new Set([
    'FP32',
    'INT8',
    'INT16',
    'INT32',
    'UINT8',
    'UINT16',
    'BOOL',
  ]);
  /** Portable models are computed in WebAssembly, which nothing inside it can leave. */
  readonly nativeFormats: ReadonlySet<string>;
  readonly isThreadSafe: boolean;
  readonly backend: string;
  private readonly tf: Tensorflow;

  constructor({ tf, backend }: TensorflowRuntime) {
    this.tf = tf;
    this.backend = backend;
    const isNative = backend.startsWith('tfjs-node');
    this.nativeFormats = isNative ? this.formats : new Set();
    this.isThreadSafe = !isNative;
  }

  async load(files: ModelFiles, signature: Signature, _format: string): Promise<LoadedModel> {
    const modelJson = files.get('model.json');
    if (modelJson === undefined)
      throw modelUnusable('The version has no model.json: register a TF.js Layers model.');
    const model = await this.build(modelJson, joinWeights(modelJson, files));
    try {
      return new TensorflowModel(this.tf, model, signature);
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  private async build(modelJson: Buffer, weights: Buffer): Promise<LayersModel> {
    try {
      return await loadLayersModel(this.tf, { modelJson, weights });
    } catch (error) {
      if (error instanceof TensorflowModelError) throw modelUnusable(error.message, error);
      throw error;
    }
  }
}

/** The weight files in the order in which model.json names them. */
function joinWeights(modelJson: Buffer, files: ModelFiles): Buffer {
  const paths = weightPaths(modelJson);
  const parts = paths.map((path) => {
    const part = files.get(path);
    if (part === undefined) throw modelUnusable(`model.json names ${path}, which the version does not have.`);
    return part;
  });
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

function weightPaths(modelJson: Buffer): string[] {
  try {
    const { weightsManifest } = weightsManifestSchema.parse(JSON.parse(modelJson.toString('utf8')));
    return weightsManifest.flatMap((group) => group.paths);
  } catch (error) {
    throw modelUnusable('model.json is not a TF.js Layers model: export it again.', error);
  }
}
