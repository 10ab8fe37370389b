import {
  loadGraphModel,
  loadLayersModel,
  loadSavedModel,
  TensorflowModelError,
} from '@aimass/platform-tensorflow';
import type { TensorflowRuntime } from '@aimass/platform-tensorflow';
import { z } from 'zod';
import type { Datatype } from '../../tensors/datatype.js';
import type { Signature } from '../../tensors/signature.js';
import type { Engine, LoadedModel, ModelFiles } from '../engine.js';
import { modelUnusable } from '../engines.errors.js';
import { inspectFiles } from '../inspect-files.js';
import { GraphModel } from './graph-model.js';
import { LayersModel } from './layers-model.js';
import { inPrivateFolder } from './private-folder.js';
import { SavedModel } from './saved-model.js';

/** Where the engine may write. */
export interface TensorflowOptions {
  /** Holds the files of a SavedModel while it is being loaded. */
  readonly workFolder: string;
}

const weightsManifestSchema = z.object({
  weightsManifest: z.array(z.object({ paths: z.array(z.string()) })),
});

/**
 * Runs TensorFlow models: TF.js Layers and graph models (`model.json` and its weight files) on any backend, SavedModels
 * on the native one.
 */
export class TensorflowEngine implements Engine {
  readonly name = 'tensorflow';
  readonly formats: ReadonlySet<string> = new Set(['tfjs-layers', 'tfjs-graph', 'saved-model']);
  /**
   * TF.js computes in float32 and int32; narrower numbers are widened exactly, and half floats rounded on the way out.
   * 64-bit integers only a SavedModel has, and it takes those that fit 31 bits.
   */
  readonly datatypes: ReadonlySet<Datatype> = new Set<Datatype>([
    'FP32',
    'FP16',
    'BF16',
    'INT8',
    'INT16',
    'INT32',
    'INT64',
    'UINT8',
    'UINT16',
    'BOOL',
    'BYTES',
  ]);
  /** The portable backend ends in an exception at worst; but graphs may have loops, and layers have none. */
  readonly riskyFormats: ReadonlySet<string>;
  readonly isThreadSafe: boolean;
  readonly backend: string;

  constructor(
    private readonly runtime: TensorflowRuntime,
    private readonly options: TensorflowOptions,
  ) {
    this.backend = runtime.backend;
    const isNative = runtime.backend.startsWith('tfjs-node');
    this.riskyFormats = isNative ? this.formats : new Set(['tfjs-graph']);
    this.isThreadSafe = !isNative;
  }

  async load(files: ModelFiles, signature: Signature, format: string): Promise<LoadedModel> {
    await inspectFiles(files, format);
    try {
      if (format === 'saved-model') return await this.loadSaved(files, signature);
      return await this.loadJson(files, signature, format);
    } catch (error) {
      if (error instanceof TensorflowModelError) throw modelUnusable(error.message, error);
      throw error;
    }
  }

  private async loadJson(files: ModelFiles, signature: Signature, format: string): Promise<LoadedModel> {
    const { tf } = this.runtime;
    const modelJson = files.get('model.json');
    if (modelJson === undefined) {
      throw modelUnusable('The version has no model.json: register a TF.js Layers or graph model.');
    }
    const source = { modelJson, weights: joinWeights(modelJson, files) };
    if (format === 'tfjs-graph') {
      const graph = await loadGraphModel(tf, source);
      return bound(graph.model, () => new GraphModel(tf, graph, signature));
    }
    const model = await loadLayersModel(tf, source);
    return bound(model, () => new LayersModel(tf, model, signature));
  }

  private async loadSaved(files: ModelFiles, signature: Signature): Promise<LoadedModel> {
    const includesAll = (names: readonly string[], specs: Signature['inputs']): boolean =>
      specs.every(({ name }) => names.includes(name));
    const model = await inPrivateFolder(this.options.workFolder, files, (folder) =>
      loadSavedModel(this.runtime, folder, ({ inputs, outputs }) => {
        return includesAll(inputs, signature.inputs) && includesAll(outputs, signature.outputs);
      }),
    );
    return bound(model, () => new SavedModel(this.runtime.tf, model, signature));
  }
}

/** Frees the model when it does not fit its signature. */
function bound(model: { dispose(): void }, create: () => LoadedModel): LoadedModel {
  try {
    return create();
  } catch (error) {
    model.dispose();
    throw error;
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
    throw modelUnusable('model.json is not a TF.js model: export it again.', error);
  }
}
