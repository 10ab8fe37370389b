import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngine } from '../../../test/engine.contract.js';
import type { EngineUnderTest } from '../../../test/engine.contract.js';
import { identityGraphFiles, lineGraphFiles, filterGraphFiles } from '../../../test/graph-model.fixture.js';
import {
  identityModelFiles,
  LINE_SIGNATURE,
  lineModelFiles,
  tensorflowForTests,
} from '../../../test/layers-model.fixture.js';
import { identitySavedModel, lineSavedModel } from '../../../test/saved-model.fixture.js';
import type { Datatype } from '../../tensors/datatype.js';
import type { Signature } from '../../tensors/signature.js';
import type { Tensor } from '../../tensors/tensor.js';
import { TensorflowEngine } from './tensorflow-engine.js';
import { dtypeOf } from './tf-tensors.js';

let workFolder: string;
beforeAll(async () => {
  workFolder = await mkdtemp(join(tmpdir(), 'aimass-tensorflow-'));
});
afterAll(() => rm(workFolder, { recursive: true }));

const engine = async (): Promise<TensorflowEngine> =>
  new TensorflowEngine(await tensorflowForTests(), { workFolder });
const features = (...shape: number[]): Tensor => {
  return { datatype: 'FP32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
};
const identitySignature = (datatype: Datatype): Signature => ({
  inputs: [{ name: 'x', datatype, shape: [-1, 3] }],
  outputs: [{ name: 'y', datatype, shape: [-1, 3] }],
});
const line = async (slope: number, intercept: number) => {
  return { files: await lineModelFiles(slope, intercept), signature: LINE_SIGNATURE };
};
const lineGraph = (slope: number, intercept: number) => {
  return Promise.resolve({ files: lineGraphFiles(slope, intercept), signature: LINE_SIGNATURE });
};
const shared: Pick<EngineUnderTest, 'engine'> & { held: EngineUnderTest['memory']['held'] } = {
  engine,
  held: async () => (await tensorflowForTests()).tf.memory().numTensors,
};

describeEngine('tensorflow layers', {
  engine,
  format: 'tfjs-layers',
  line,
  identity: async (datatype) => {
    const dtype = dtypeOf(datatype);
    if (dtype === undefined || dtype === 'string') return null;
    return { files: await identityModelFiles(dtype), signature: identitySignature(datatype) };
  },
  failing: async () => ({ ...(await line(1, 0)), bad: features(1, 2), good: features(1, 1) }),
  memory: { model: () => line(1, 0), held: shared.held, slack: 0 },
});

describeEngine('tensorflow graph', {
  engine,
  format: 'tfjs-graph',
  line: lineGraph,
  identity: (datatype) => {
    const dtype = dtypeOf(datatype);
    if (dtype === undefined) return Promise.resolve(null);
    return Promise.resolve({ files: identityGraphFiles(dtype), signature: identitySignature(datatype) });
  },
  failing: async () => ({ ...(await lineGraph(1, 0)), bad: features(1, 1, 1), good: features(1, 1) }),
  memory: { model: () => lineGraph(1, 0), held: shared.held, slack: 0 },
});

// The native library is there where `npm run setup:tensorflow` has built it; the tests run again after that in CI.
const hasNative = (await tensorflowForTests()).backend.startsWith('tfjs-node');
const lineSaved = (slope: number, intercept: number) => {
  return Promise.resolve({ files: lineSavedModel(slope, intercept), signature: LINE_SIGNATURE });
};

if (hasNative) {
  describeEngine('tensorflow SavedModel', {
    engine,
    format: 'saved-model',
    line: lineSaved,
    identity: (datatype) => {
      const dtype = dtypeOf(datatype);
      if (dtype === undefined) return Promise.resolve(null);
      return Promise.resolve({ files: identitySavedModel(dtype), signature: identitySignature(datatype) });
    },
    failing: async () => ({ ...(await lineSaved(1, 0)), bad: features(1, 2, 2), good: features(1, 1) }),
    memory: { model: () => lineSaved(1, 0), held: shared.held, slack: 0 },
  });

  describe('a SavedModel with 64-bit integers', () => {
    const run = async (...values: bigint[]): Promise<unknown> => {
      const model = await (
        await engine()
      ).load(identitySavedModel('int64'), identitySignature('INT64'), 'saved-model');
      const data = BigInt64Array.from(values);
      try {
        return (await model.run([{ datatype: 'INT64', shape: [1, 3], data }]))[0]?.data;
      } finally {
        model.dispose();
      }
    };

    it('takes and gives those that TensorFlow.js passes on unchanged', async () => {
      expect(await run(0n, 7n, 2_147_483_647n)).toEqual(BigInt64Array.of(0n, 7n, 2_147_483_647n));
    });

    it.each([-1n, 2_147_483_648n])('refuses %d, which it would change', async (value) => {
      await expect(run(0n, value, 1n)).rejects.toMatchObject({ kind: 'invalid' });
    });
  });

  it('removes the files of a SavedModel as soon as it is loaded', async () => {
    const { files, signature } = await lineSaved(1, 0);
    const model = await (await engine()).load(files, signature, 'saved-model');
    expect((await readdir(workFolder)).filter((name) => name.startsWith('model-'))).toEqual([]);
    model.dispose();
  });
} else {
  it('refuses a SavedModel without the native library, saying how to build it', async () => {
    const { files, signature } = await lineSaved(1, 0);
    const loading = (await engine()).load(files, signature, 'saved-model');
    await expect(loading).rejects.toMatchObject({
      kind: 'precondition_failed',
      message: expect.stringContaining('npm run setup:tensorflow') as string,
    });
  });
}

describe.each([
  ['tfjs-layers', lineModelFiles],
  ['tfjs-graph', (slope: number) => Promise.resolve(lineGraphFiles(slope, 0))],
  ['tfjs-graph', () => Promise.resolve(filterGraphFiles())],
] as const)('a %s model', (format, files) => {
  it('leaves no tensor behind, however often it runs', async () => {
    const { tf } = await tensorflowForTests();
    const model = await (await engine()).load(await files(1, 1), LINE_SIGNATURE, format);
    await model.run([features(2, 1)]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) await model.run([features(2, 1)]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

it('leaves no tensor behind when a run fails', async () => {
  const { tf } = await tensorflowForTests();
  const model = await (await engine()).load(lineGraphFiles(1, 1), LINE_SIGNATURE, 'tfjs-graph');
  const before = tf.memory().numTensors;
  await expect(model.run([features(1, 1, 1)])).rejects.toThrow();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

it('computes a graph whose output has a shape that depends on values', async () => {
  const model = await (await engine()).load(filterGraphFiles(), LINE_SIGNATURE, 'tfjs-graph');
  const data = Float32Array.of(3, -1, 0, 200);
  const [output] = await model.run([{ datatype: 'FP32', shape: [4, 1], data }]);
  expect(output).toEqual({ datatype: 'FP32', shape: [2, 1], data: Float32Array.of(3, 200) });
  model.dispose();
});

it('carries bytes that are no text', async () => {
  const model = await (
    await engine()
  ).load(identityGraphFiles('string'), identitySignature('BYTES'), 'tfjs-graph');
  const data = [Uint8Array.of(0xff, 0, 0xfe), 'ü', Uint8Array.of()];
  const [output] = await model.run([{ datatype: 'BYTES', shape: [1, 3], data }]);
  expect(output?.data).toEqual(
    [Uint8Array.of(0xff, 0, 0xfe), Buffer.from('ü'), Uint8Array.of()].map((b) => new Uint8Array(b)),
  );
  model.dispose();
});

it('refuses a signature in a datatype that the graph would change', async () => {
  const loading = (await engine()).load(
    await identityModelFiles('float32'),
    identitySignature('INT32'),
    'tfjs-layers',
  );
  await expect(loading).rejects.toThrow('input "x" is INT32, the model computes it in float32');
});

it('fails a run whose result its datatype cannot hold, instead of cutting it', async () => {
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'INT32', shape: [-1, 3] }],
    outputs: [{ name: 'y', datatype: 'UINT8', shape: [-1, 3] }],
  };
  const model = await (await engine()).load(await identityModelFiles('int32'), signature, 'tfjs-layers');
  const run = model.run([{ datatype: 'INT32', shape: [1, 3], data: Int32Array.of(1, 255, 256) }]);
  await expect(run).rejects.toThrow('256, which UINT8 cannot hold');
  model.dispose();
});

it.each(['tfjs-layers', 'tfjs-graph'])(
  'refuses a %s model whose weight file is missing, naming it',
  async (format) => {
    const files = new Map(format === 'tfjs-layers' ? await lineModelFiles(1, 1) : lineGraphFiles(1, 1));
    files.delete('weights.bin');
    const loading = (await engine()).load(files, LINE_SIGNATURE, format);
    await expect(loading).rejects.toThrow('"model.json" names "weights.bin", which is not among the files');
  },
);
