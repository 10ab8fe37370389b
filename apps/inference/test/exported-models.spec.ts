import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTensorflow } from '@aimass/platform-tensorflow';
import type { ModelFiles } from '../src/engines/engine.js';
import { narrowToHalf, widenHalf } from '../src/tensors/half-floats.js';
import { OnnxEngine } from '../src/engines/onnx/onnx-engine.js';
import { TensorflowEngine } from '../src/engines/tensorflow/tensorflow-engine.js';
import { warmUp } from '../src/engines/warm-up.js';
import type { Datatype } from '../src/tensors/datatype.js';
import { DATATYPES } from '../src/tensors/datatype.js';
import type { TensorSpec } from '../src/tensors/signature.js';
import type { Tensor } from '../src/tensors/tensor.js';

/** What a framework exported, and what it computed itself. See e2e/conformance/exported/README.md. */
interface ExportedModel {
  readonly name: string;
  readonly format: string;
  readonly files: readonly { readonly path: string }[];
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  readonly cases: readonly { readonly inputs: JsonTensor[]; readonly outputs: JsonTensor[] }[];
}
interface JsonTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: number[];
  readonly data: (number | string | boolean)[];
}

const root = fileURLToPath(new URL('../../../e2e/conformance/exported', import.meta.url));
const workFolder = await mkdtemp(join(tmpdir(), 'aimass-exported-'));
const quiet = { info: () => undefined, warn: () => undefined };
const runtime = await loadTensorflow({ log: quiet });
const hasNative = runtime.backend.startsWith('tfjs-node');
const onnx = new OnnxEngine({ threads: 1 });
const tensorflow = new TensorflowEngine(runtime, { workFolder });

afterAll(() => rm(workFolder, { recursive: true }));

describe.each(['sklearn', 'pytorch', 'paddle', 'tensorflow'])('models exported by %s', (framework) => {
  const text = readFileSync(join(root, framework, 'expected.json'), 'utf8');
  const { models } = JSON.parse(text) as { models: ExportedModel[] };
  const runnable = models.filter(({ format }) => format !== 'saved-model' || hasNative);

  it.each(runnable)('$name computes what the framework computed', async (exported) => {
    const { model, signature } = await load(framework, exported);
    try {
      // Zeros may be nothing to the model; that they are not must not keep it from serving.
      await warmUp(model, { signature, samples: [], maxRows: 4 });
      for (const { inputs, outputs } of exported.cases) {
        const results = await model.run(inputs.map(toTensor));
        outputs.forEach((expected, i) => assertClose(results[i], expected, exported.tolerance));
      }
    } finally {
      model.dispose();
    }
  });

  it.each(models.filter((each) => !runnable.includes(each)))(
    '$name is refused without the native library, saying how to build it',
    async (exported) => {
      await expect(load(framework, exported)).rejects.toMatchObject({
        kind: 'precondition_failed',
        message: expect.stringContaining('npm run setup:tensorflow') as string,
      });
    },
  );
});

async function load(framework: string, { name, format, files, cases }: ExportedModel) {
  const read = ({ path }: { path: string }): [string, Buffer] => {
    return [path, readFileSync(join(root, framework, name, path))];
  };
  const contents: ModelFiles = new Map(files.map(read));
  const first = cases[0] ?? { inputs: [], outputs: [] };
  const engine = format === 'onnx' ? onnx : tensorflow;
  // A dimension is variable where the cases differ.
  const spec =
    (side: 'inputs' | 'outputs') =>
    (tensor: JsonTensor, index: number): TensorSpec => {
      const shapes = cases.map((each) => each[side][index]?.shape ?? []);
      const varies = (at: number): boolean => new Set(shapes.map((s) => s[at])).size > 1;
      return { ...tensor, shape: tensor.shape.map((size, at) => (varies(at) ? -1 : size)) };
    };
  const signature = { inputs: first.inputs.map(spec('inputs')), outputs: first.outputs.map(spec('outputs')) };
  return { model: await engine.load(contents, signature, format), signature };
}

function toTensor({ datatype, shape, data }: JsonTensor): Tensor {
  if (datatype === 'FP16')
    return { datatype, shape, data: narrowToHalf(Float32Array.from(data as number[])) };
  const target = DATATYPES[datatype].allocate(data.length);
  const isWide = target instanceof BigInt64Array || target instanceof BigUint64Array;
  data.forEach((value, i) => ((target as unknown[])[i] = isWide ? BigInt(value) : value));
  return { datatype, shape, data: target };
}

function assertClose(
  actual: Tensor | undefined,
  expected: JsonTensor,
  { absolute, relative }: ExportedModel['tolerance'],
): void {
  expect(actual).toMatchObject({ datatype: expected.datatype, shape: expected.shape });
  const data = expected.datatype === 'FP16' ? widenHalf(actual?.data as Uint16Array) : actual?.data;
  const values = Array.from(data as ArrayLike<unknown>);
  expect(values).toHaveLength(expected.data.length);
  expected.data.forEach((value, i) => {
    if (typeof value === 'number') {
      const difference = Math.abs(Number(values[i]) - value);
      expect(difference).toBeLessThanOrEqual(absolute + relative * Math.abs(value));
    } else if (typeof value === 'boolean') expect(Boolean(values[i])).toBe(value);
    else expect(Buffer.from(values[i] as string).toString('utf8')).toBe(value);
  });
}
