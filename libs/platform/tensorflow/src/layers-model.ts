import { randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { io, LayersModel } from '@tensorflow/tfjs';
import { modelArtifacts, type ModelJson, parseModelJson, requireKnownLayers } from './model-json.js';
import type { Tensorflow } from './load-tensorflow.js';
import { TensorflowModelError } from './tensorflow-model-error.js';

/** A model that is already in memory; `weights` holds all weight files, joined in manifest order. */
export interface LayersModelFiles {
  modelJson: Buffer;
  weights: Buffer;
}

/**
 * Writes `model.json` and `weights.bin` (the TF.js Layers format) into `dir`, which is created when absent.
 * Each file appears whole or not at all; the weights come first, so that a `model.json` always has its weights.
 */
export async function saveLayersModel(model: LayersModel, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await model.save({
    save: async (artifacts: io.ModelArtifacts): Promise<io.SaveResult> => {
      const weights = joinWeights(artifacts.weightData);
      const document = {
        format: 'layers-model',
        generatedBy: artifacts.generatedBy ?? 'TensorFlow.js',
        convertedBy: null,
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights: artifacts.weightSpecs ?? [] }],
      };
      await writeWhole(join(dir, 'weights.bin'), weights);
      await writeWhole(join(dir, 'model.json'), Buffer.from(`${JSON.stringify(document)}\n`));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
}

/**
 * Reads a TF.js Layers model from a folder or from memory, whatever the backend.
 *
 * Throws TensorflowModelError when the document is not a Layers model, a weight path is a URL or leaves the
 * folder (also through a symbolic link), the weights have the wrong size, or a layer class is not built in.
 */
export async function loadLayersModel(
  tf: Tensorflow,
  source: string | LayersModelFiles,
): Promise<LayersModel> {
  const isFolder = typeof source === 'string';
  const document = parseModelJson(isFolder ? await readModelJson(source) : source.modelJson);
  requireKnownLayers(tf, document);
  const weights = isFolder ? await readWeights(source, document) : source.weights;
  const artifacts = modelArtifacts(document, weights);
  try {
    return await tf.loadLayersModel({ load: () => Promise.resolve(artifacts) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TensorflowModelError('model_invalid', `The model cannot be built: ${reason}`, { cause });
  }
}

async function readModelJson(dir: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, 'model.json'));
  } catch (cause) {
    throw new TensorflowModelError(
      'model_unreadable',
      'The model folder has no readable model.json: save it as a TF.js Layers model.',
      { cause },
    );
  }
}

async function readWeights(dir: string, document: ModelJson): Promise<Buffer> {
  const paths = document.weightsManifest.flatMap((group) => group.paths);
  const root = await realpath(dir);
  return Buffer.concat(
    await Promise.all(paths.map(async (path) => readFile(await insideFolder(root, path)))),
  );
}

async function insideFolder(root: string, path: string): Promise<string> {
  const file = resolve(root, path);
  if (!file.startsWith(root + sep)) throw weightsOutside(path);
  let real: string;
  try {
    real = await realpath(file);
  } catch (cause) {
    throw new TensorflowModelError('model_unreadable', `The model names ${path}, which is not there.`, {
      cause,
    });
  }
  if (!real.startsWith(root + sep)) throw weightsOutside(path);
  return real;
}

function weightsOutside(path: string): TensorflowModelError {
  return new TensorflowModelError(
    'weights_outside_model',
    `The weight path "${path}" leaves the model folder: weights must lie beside model.json.`,
  );
}

function joinWeights(data: io.WeightData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0);
  return Buffer.concat((Array.isArray(data) ? data : [data]).map((part) => Buffer.from(part)));
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
