import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { encodePreprocessing, PREPROCESSING_FILE, SIGNATURE_FILE } from '@aimass/platform-model-files';
import type { Preprocessing } from '@aimass/platform-model-files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  LINE_SIGNATURE,
  lineModelFiles,
  storeFiles,
  tensorflowForTests,
} from '../../test/layers-model.fixture.js';
import { EngineRoom } from '../engines/engine-room.js';
import { TensorflowEngine } from '../engines/tensorflow/tensorflow-engine.js';
import type { Tensor } from '../tensors/tensor.js';
import { ModelLoader } from './model-loader.js';
import type { VersionSpec } from './version-spec.js';

const BYTES_COLUMN = { name: 'color', datatype: 'BYTES', shape: [-1, 1] } as const;
const PREPROCESSING: Preprocessing = {
  columns: [
    { name: 'color', content: 'text' },
    { name: 'size', content: 'number' },
  ],
  steps: [
    { op: 'fill', column: 'color', value: 'red' },
    { op: 'oneHot', column: 'color', categories: ['blue', 'red'] },
    { op: 'standardize', column: 'size', mean: 0.1, scale: 0.7 },
  ],
};

let folder: string;
let blobs: FsBlobStore;
let loader: ModelLoader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepared-'));
  blobs = new FsBlobStore(folder);
  const settings = { onnxThreads: 1, tensorflowBackend: 'tfjs', workFolder: folder } as const;
  const engine = new TensorflowEngine(await tensorflowForTests(), { workFolder: folder });
  const room = new EngineRoom({ settings, slowRunMs: 1000 });
  loader = new ModelLoader(blobs, [engine], room, { MAX_MODEL_BYTES: 1_000_000, MAX_BATCH_ROWS: 8 });
});
afterAll(() => rm(folder, { recursive: true }));

/** 2 · feature + 1 behind the preprocessing. */
async function version(feature: string, inputs: VersionSpec['signature']['inputs'], warmup?: object) {
  const files = new Map(await lineModelFiles(2, 1));
  files.set(PREPROCESSING_FILE, Buffer.from(encodePreprocessing(PREPROCESSING)));
  files.set(SIGNATURE_FILE, Buffer.from(JSON.stringify({ ...LINE_SIGNATURE, features: [feature] })));
  if (warmup) files.set('warmup.json', Buffer.from(JSON.stringify(warmup)));
  return {
    ...{ id: 'mv_1', modelName: 'line', number: 1, engine: 'tensorflow', format: 'tfjs-layers' },
    signature: { inputs, outputs: LINE_SIGNATURE.outputs },
    manifest: await storeFiles(blobs, files),
  };
}

async function answer(spec: VersionSpec, input: Tensor): Promise<number[]> {
  const model = await loader.load(spec);
  try {
    const [output] = await model.run([input]);
    return Array.from(output?.data as Float32Array);
  } finally {
    model.dispose();
  }
}

describe('a version with preprocessing', () => {
  it('takes text columns: known, unknown, missing, and as bytes', async () => {
    const spec = await version('color_red', [BYTES_COLUMN]);
    const data = ['red', 'green', '', Buffer.from('red')];
    expect(await answer(spec, { datatype: 'BYTES', shape: [4, 1], data })).toEqual([3, 1, 3, 3]);
  });

  it('standardizes 64-bit numbers as training did, and rounds once, for the engine', async () => {
    const spec = await version('size', [{ name: 'features', datatype: 'FP64', shape: [-1, 1] }]);
    const data = Float64Array.of(0.3, 1e9 + 0.1);
    const expected = [...data].map((x) => Math.fround(Math.fround((x - 0.1) / 0.7) * 2 + 1));
    expect(await answer(spec, { datatype: 'FP64', shape: [2, 1], data })).toEqual(expected);
  });

  it('warms up with requests as callers send them', async () => {
    const inputs = [{ ...BYTES_COLUMN, shape: [1, 1], data: ['blue'] }];
    const model = await loader.load(await version('color_blue', [BYTES_COLUMN], { inputs }));
    model.dispose();
    const wrong = { inputs: [{ ...LINE_SIGNATURE.inputs[0], shape: [1, 1], data: [1] }] };
    await expect(loader.load(await version('color_blue', [BYTES_COLUMN], wrong))).rejects.toThrow(/warmup/);
  });

  it('is refused when its inputs are not the raw columns, or a feature does not exist', async () => {
    const refused = { kind: 'precondition_failed' };
    await expect(loader.load(await version('color_red', LINE_SIGNATURE.inputs))).rejects.toMatchObject(
      refused,
    );
    await expect(loader.load(await version('weight', [BYTES_COLUMN]))).rejects.toMatchObject(refused);
  });
});
