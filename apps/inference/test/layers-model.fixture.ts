import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestDigest } from '@aimass/platform-blobs';
import type { BlobStore } from '@aimass/platform-blobs';
import { loadTensorflow, saveLayersModel } from '@aimass/platform-tensorflow';
import type { TensorflowRuntime } from '@aimass/platform-tensorflow';
import type { ModelFiles } from '../src/engines/engine.js';
import type { Manifest } from '../src/models/version-spec.js';
import type { Signature } from '../src/tensors/signature.js';

const quiet = { info: () => undefined, warn: () => undefined };

/** y = slope · x + intercept over one feature. */
export const LINE_SIGNATURE: Signature = {
  inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
};

export function tensorflowForTests(): Promise<TensorflowRuntime> {
  return loadTensorflow({ log: quiet });
}

/** The files of a linear model as TensorFlow.js writes them. */
export async function lineModelFiles(slope: number, intercept: number): Promise<ModelFiles> {
  const { tf } = await tensorflowForTests();
  const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [1], units: 1, name: 'line' })] });
  model.setWeights([tf.tensor2d([[slope]]), tf.tensor1d([intercept])]);
  return savedFiles(model);
}

async function savedFiles(model: Parameters<typeof saveLayersModel>[0]): Promise<ModelFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'aimass-model-'));
  try {
    await saveLayersModel(model, folder);
    const names = await readdir(folder);
    const files = names.map(async (name) => [name, await readFile(join(folder, name))] as const);
    return new Map(await Promise.all(files));
  } finally {
    model.dispose();
    await rm(folder, { recursive: true });
  }
}

/** The files of a Layers model that gives back its input `[-1, 3]`, computed in `dtype`. */
export async function identityModelFiles(dtype: 'float32' | 'int32' | 'bool'): Promise<ModelFiles> {
  const { tf } = await tensorflowForTests();
  const input = tf.input({ shape: [3], dtype, name: 'x' });
  return savedFiles(tf.model({ inputs: input, outputs: input }));
}

/** Puts files into a blob store and lists them as the registry does. */
export async function storeFiles(blobs: BlobStore, files: ModelFiles): Promise<Manifest> {
  const stored = [];
  for (const path of [...files.keys()].sort()) {
    stored.push({ path, ...(await blobs.put(files.get(path) ?? Buffer.alloc(0))) });
  }
  return { files: stored, sha256: manifestDigest(stored) };
}
