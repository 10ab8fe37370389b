import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FsBlobStore } from '@aimass/platform-blobs';
import {
  LINE_SIGNATURE,
  lineModelFiles,
  storeFiles,
  tensorflowForTests,
} from '../../test/layers-model.fixture.js';
import { EngineRoom } from '../engines/engine-room.js';
import { TensorflowEngine } from '../engines/tensorflow/tensorflow-engine.js';
import { ModelLoader } from './model-loader.js';
import type { VersionSpec } from './version-spec.js';

let folder: string;
let blobs: FsBlobStore;
let loader: ModelLoader;
let good: VersionSpec;

const LIMITS = { MAX_MODEL_BYTES: 1_000_000, MAX_BATCH_ROWS: 8 };
const room = (): EngineRoom => {
  const settings = { onnxThreads: 1, tensorflowBackend: 'tfjs', workFolder: folder } as const;
  return new EngineRoom({ settings, slowRunMs: 1000 });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-loader-'));
  blobs = new FsBlobStore(folder);
  const engine = new TensorflowEngine(await tensorflowForTests(), { workFolder: folder });
  loader = new ModelLoader(blobs, [engine], room(), LIMITS);
  const manifest = await storeFiles(blobs, await lineModelFiles(2, 1));
  good = {
    id: 'mv_1',
    modelName: 'line',
    number: 1,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: LINE_SIGNATURE,
    manifest,
  };
});
afterAll(() => rm(folder, { recursive: true }));

it('loads what the manifest lists, ready to compute', async () => {
  const model = await loader.load(good);
  const [output] = await model.run([{ datatype: 'FP32', shape: [1, 1], data: new Float32Array([3]) }]);
  expect(output?.data[0]).toBe(7);
  model.dispose();
});

it('refuses a manifest whose digest does not cover its files', async () => {
  const manifest = { ...good.manifest, sha256: '0'.repeat(64) };
  await expect(loader.load({ ...good, manifest })).rejects.toThrow(/digest does not fit its files/);
});

it('refuses a file whose size is not the registered one', async () => {
  const files = good.manifest.files.map((file) => ({ ...file, sizeBytes: file.sizeBytes + 1 }));
  await expect(loader.load({ ...good, manifest: { ...good.manifest, files } })).rejects.toThrow(
    /bytes instead of/,
  );
});

it('refuses a model larger than the limit before reading it', async () => {
  const small = new ModelLoader(
    blobs,
    [new TensorflowEngine(await tensorflowForTests(), { workFolder: folder })],
    room(),
    { ...LIMITS, MAX_MODEL_BYTES: 10 },
  );
  await expect(small.load(good)).rejects.toMatchObject({ kind: 'too_large' });
});

it('says which engine, format or datatype it does not have', async () => {
  await expect(loader.load({ ...good, engine: 'onnx' })).rejects.toThrow(
    'needs engine "onnx"; this replica has tensorflow',
  );
  await expect(loader.load({ ...good, format: 'savedmodel' })).rejects.toThrow(
    'does not read format "savedmodel"',
  );
  const inputs = [{ name: 'features', datatype: 'UINT64', shape: [-1, 1] }] as const;
  const loading = loader.load({ ...good, signature: { ...LINE_SIGNATURE, inputs } });
  await expect(loading).rejects.toThrow(/UINT64 \(of "features"\) is not supported by this model's engine/);
});

it('passes on that a file is not in the blob store, and loads the next version all the same', async () => {
  const emptyFolder = await mkdtemp(join(tmpdir(), 'aimass-empty-'));
  const engines = [new TensorflowEngine(await tensorflowForTests(), { workFolder: folder })];
  const empty = new ModelLoader(new FsBlobStore(emptyFolder), engines, room(), LIMITS);
  await expect(empty.load(good)).rejects.toThrow(/No blob with SHA-256/);
  await rm(emptyFolder, { recursive: true });
  (await loader.load(good)).dispose();
});
