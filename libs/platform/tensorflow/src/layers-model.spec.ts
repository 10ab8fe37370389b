import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadLayersModel, saveLayersModel } from './layers-model.js';
import { loadTensorflow, type Tensorflow } from './load-tensorflow.js';

const quiet = { info: () => undefined, warn: () => undefined };
let tf: Tensorflow;
let dir: string;

beforeEach(async () => {
  ({ tf } = await loadTensorflow({ log: quiet, prefer: 'tfjs' }));
  dir = mkdtempSync(join(tmpdir(), 'layers-model-'));
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
  model.setWeights([tf.tensor2d([2, -3], [2, 1]), tf.tensor1d([0.5])]);
  await saveLayersModel(model, dir);
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function edit(change: (document: Record<string, unknown>) => void): void {
  const path = join(dir, 'model.json');
  const document = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(document);
  writeFileSync(path, JSON.stringify(document));
}

function setPath(path: string): void {
  edit((document) => {
    const [group] = document.weightsManifest as { paths: string[] }[];
    if (group) group.paths = [path];
  });
}

async function predictOne(source: Parameters<typeof loadLayersModel>[1]): Promise<number | undefined> {
  const model = await loadLayersModel(tf, source);
  return tf.tidy(
    () => (model.predict(tf.tensor2d([[10, 1]])) as ReturnType<Tensorflow['tensor']>).dataSync()[0],
  );
}

describe('a saved model', () => {
  it('predicts the same from its folder and from memory', async () => {
    const modelJson = readFileSync(join(dir, 'model.json'));
    expect(await predictOne(dir)).toBe(17.5);
    expect(await predictOne({ modelJson, weights: readFileSync(join(dir, 'weights.bin')) })).toBe(17.5);
  });

  it('is two files, with no temporary left', () => {
    expect(readdirSync(dir).sort()).toEqual(['model.json', 'weights.bin']);
  });
});

describe('a model that must not be loaded', () => {
  it.each([
    '../weights.bin',
    '/etc/hostname',
    'https://example.org/w.bin',
    'file:///etc/hostname',
    'a\\..\\..\\w.bin',
  ])('is refused when its weight path is %s', async (path) => {
    setPath(path);
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({ code: 'weights_outside_model' });
  });

  it('is refused when a symbolic link leads its weights out of the folder', async () => {
    symlinkSync('/etc/hostname', join(dir, 'link.bin'));
    setPath('link.bin');
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({ code: 'weights_outside_model' });
  });

  it('is refused by the name of its unknown layer', async () => {
    edit((document) => {
      const text = JSON.stringify(document.modelTopology).replace('"Dense"', '"Lambda"');
      document.modelTopology = JSON.parse(text);
    });
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({
      code: 'unknown_layer',
      message: expect.stringContaining('Lambda') as string,
    });
  });

  it('is refused when its weights are cut', async () => {
    writeFileSync(join(dir, 'weights.bin'), Buffer.alloc(8));
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({ code: 'weights_invalid' });
  });

  it('is refused when it is a graph model, is no JSON, or is not there', async () => {
    edit((document) => (document.format = 'graph-model'));
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({ code: 'model_invalid' });
    writeFileSync(join(dir, 'model.json'), '{');
    await expect(loadLayersModel(tf, dir)).rejects.toMatchObject({ code: 'model_invalid' });
    await expect(loadLayersModel(tf, join(dir, 'nowhere'))).rejects.toMatchObject({
      code: 'model_unreadable',
    });
  });
});
