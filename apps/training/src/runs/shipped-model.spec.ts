import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore, manifestDigest } from '@aimass/platform-blobs';
import { encodePreprocessing } from '@aimass/platform-model-files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobResult } from '../jobs/job-result.js';
import { withPreprocessing } from './shipped-model.js';

let dir: string;
let blobs: FsBlobStore;
let preprocessing: { sha256: string; sizeBytes: number };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shipped-'));
  blobs = new FsBlobStore(dir);
  const document = encodePreprocessing({
    columns: [
      { name: 'color', content: 'text' },
      { name: 'size', content: 'number' },
    ],
    steps: [{ op: 'oneHot', column: 'color', categories: ['blue', 'red'] }],
  });
  preprocessing = await blobs.put(Buffer.from(document));
});
afterAll(() => rm(dir, { recursive: true }));

const INPUT = { name: 'features', datatype: 'FP32', shape: [-1, 2] };

/** A model that a trainer has left, with these features in its signature. */
async function trained(features: readonly string[], otherFile = 'model.json'): Promise<JobResult> {
  const contents = { [otherFile]: '{}', 'signature.json': JSON.stringify({ inputs: [INPUT], features }) };
  const files = [];
  for (const [path, content] of Object.entries(contents)) {
    const { sha256, sizeBytes } = await blobs.put(Buffer.from(content));
    files.push({ path, sha256, sizeBytes: String(sizeBytes) });
  }
  const tensor = { name: 'prediction', datatype: 'FP32', shape: ['-1', '1'] };
  return {
    ...{
      engine: 'tensorflow',
      format: 'tfjs-layers',
      metrics: {},
      backend: '',
      reportSha256: null,
      plots: {},
    },
    signature: { inputs: [{ ...INPUT, shape: ['-1', '2'] }], outputs: [tensor] },
    manifest: { files, sha256: manifestDigest(files) },
  };
}

describe('a model whose data was preprocessed', () => {
  it('takes raw columns, and has the preprocessing among its files', async () => {
    const { signature, manifest } = await withPreprocessing(
      await trained(['size', 'color_red']),
      preprocessing.sha256,
      blobs,
    );
    expect(signature.inputs).toEqual([
      { name: 'size', datatype: 'FP64', shape: ['-1', '1'] },
      { name: 'color', datatype: 'BYTES', shape: ['-1', '1'] },
    ]);
    expect(signature.outputs).toHaveLength(1);
    expect(manifest.files.map(({ path }) => path)).toEqual([
      'model.json',
      'preprocessing.json',
      'signature.json',
    ]);
    expect(manifest.files[1]).toMatchObject({ sha256: preprocessing.sha256 });
    expect(manifest.sha256).toBe(manifestDigest(manifest.files));
  });

  it('is refused when it does not say which features it takes, or none such exist', async () => {
    const ship = async (features: readonly string[]) =>
      withPreprocessing(await trained(features), preprocessing.sha256, blobs);
    await expect(ship(['size'])).rejects.toThrow(/names 1 features, but the model takes 2/);
    await expect(ship(['size', 'weight'])).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('must not bring a preprocessing of its own', async () => {
    const model = await trained(['a', 'b'], 'preprocessing.json');
    await expect(withPreprocessing(model, '', blobs)).rejects.toThrow(/never by a trainer/);
  });
});

it('leaves a model alone whose data was not preprocessed', async () => {
  const model = await trained(['a', 'b']);
  expect(await withPreprocessing(model, '', blobs)).toBe(model);
});
