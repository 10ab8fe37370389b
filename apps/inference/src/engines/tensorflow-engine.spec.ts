import { expect, it } from 'vitest';
import { describeEngine } from '../../test/engine.contract.js';
import { LINE_SIGNATURE, lineModelFiles, tensorflowForTests } from '../../test/layers-model.fixture.js';
import { TensorflowEngine } from './tensorflow-engine.js';

const engine = async (): Promise<TensorflowEngine> => new TensorflowEngine(await tensorflowForTests());

describeEngine('tensorflow', {
  engine,
  format: 'tfjs-layers',
  line: async (slope, intercept) => ({
    files: await lineModelFiles(slope, intercept),
    signature: LINE_SIGNATURE,
  }),
  identity: () => Promise.resolve(null),
  held: async () => (await tensorflowForTests()).tf.memory().numTensors,
});

it('leaves no tensor behind, however often a model runs', async () => {
  const { tf } = await tensorflowForTests();
  const model = await (await engine()).load(await lineModelFiles(1, 1), LINE_SIGNATURE, 'tfjs-layers');
  const input = { datatype: 'FP32', shape: [2, 1], data: new Float32Array(2) } as const;
  await model.run([input]);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 20; i++) await model.run([input]);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

it('refuses a model whose weight file is missing, naming the file', async () => {
  const files = new Map(await lineModelFiles(1, 1));
  files.delete('weights.bin');
  const loading = (await engine()).load(files, LINE_SIGNATURE, 'tfjs-layers');
  await expect(loading).rejects.toThrow('model.json names weights.bin, which the version does not have');
});
