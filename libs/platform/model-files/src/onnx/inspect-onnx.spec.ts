import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../model-file.js';
import type { ModelFile } from '../model-file.js';
import { buildOnnxModel } from './build-onnx.js';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from './build-onnx.js';
import { inspectOnnx } from './inspect-onnx.js';

const x = { name: 'x', datatype: 'FP32', shape: [-1, 2] } as const;
const y = { name: 'y', datatype: 'FP32', shape: [-1, 2] } as const;
const ADD: OnnxNode = { op: 'Add', inputs: ['x', 'w'], outputs: ['y'] };
const W: OnnxTensor = { name: 'w', datatype: 'FP32', shape: [2], data: [1, 2] };

const modelOf = (change: Partial<OnnxModel> = {}) =>
  buildOnnxModel({ inputs: [x], outputs: [y], nodes: [ADD], initializers: [W], ...change });

const inspect = (change: Partial<OnnxModel> = {}, ...beside: ModelFile[]) => {
  const file = memoryFile('m/model.onnx', modelOf(change));
  return inspectOnnx(file, [file, ...beside]);
};

const int64 = (name: string, ...data: (number | bigint)[]): OnnxTensor => ({
  name,
  datatype: 'INT64',
  shape: [data.length],
  data,
});

describe('what an ONNX model says about itself', () => {
  it('is its inputs without initializers, its outputs, operator sets and operators, also inside others', async () => {
    const inner: OnnxGraph = {
      inputs: [],
      outputs: [y],
      nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
    };
    const facts = await inspect({
      inputs: [x, { name: 'w', datatype: 'FP32', shape: [2] }, { name: 'c', datatype: 'BOOL', shape: [] }],
      nodes: [
        { op: 'Own', domain: 'own', inputs: ['x'], outputs: ['u'] },
        { op: 'FusedMatMul', domain: 'com.microsoft', inputs: ['u', 'u'], outputs: ['v'] },
        {
          op: 'If',
          inputs: ['c'],
          outputs: ['y'],
          attributes: { then_branch: { graph: inner }, else_branch: { graph: inner } },
        },
      ],
      functions: [
        {
          name: 'Own',
          domain: 'own',
          inputs: ['a'],
          outputs: ['b'],
          nodes: [{ op: 'Abs', inputs: ['a'], outputs: ['b'] }],
        },
      ],
    });
    expect(facts).toEqual({
      irVersion: 8,
      opsets: { '': 17, own: 1, 'com.microsoft': 1 },
      operators: ['Abs', 'If', 'Neg', 'com.microsoft:FusedMatMul', 'own:Own'],
      signature: {
        inputs: [
          { name: 'x', datatype: 'FP32', shape: ['-1', '2'] },
          { name: 'c', datatype: 'BOOL', shape: [] },
        ],
        outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1', '2'] }],
      },
      externalPaths: [],
      externalData: [],
    });
  });

  it('accepts every datatype with text, halves and typed fields', async () => {
    const initializers: OnnxTensor[] = [
      W,
      { name: 't', datatype: 'BYTES', shape: [2], data: ['a', 'b'] },
      { name: 'h', datatype: 'BF16', shape: [3], data: [1, 2, 3] },
      { name: 'n', datatype: 'INT4', shape: [3], data: Uint8Array.of(1, 2) },
      { name: 'e', datatype: 'FP64', shape: [0, 4], data: [] },
    ];
    await expect(inspect({ initializers })).resolves.toBeDefined();
  });
});

describe('external data', () => {
  const outside = (location: string, more: { offset?: number | bigint; length?: number | bigint } = {}) => ({
    initializers: [{ name: 'w', datatype: 'FP32', shape: [2], externalData: { location, ...more } }],
  });
  const data = memoryFile('m/w.bin', new Uint8Array(16));

  it('is found beside the model when it is among the files', async () => {
    const facts = await inspect(outside('w.bin', { offset: 8, length: 8 }), data);
    expect(facts.externalPaths).toEqual(['m/w.bin']);
    expect(facts.externalData).toEqual([{ path: 'm/w.bin', offset: 8, length: 8 }]);
  });

  it.each([
    '../w.bin',
    '/etc/passwd',
    'a/../w.bin',
    '..\\w.bin',
    'C:\\w.bin',
    '',
    './w.bin',
    'w\0.bin',
    'file:///w',
  ])('is refused at %j', async (location) => {
    await expect(inspect(outside(location), data)).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'model_files.external_data_refused',
    });
  });

  it.each([
    ['a file that is not there', 'other.bin', {}],
    ['the model itself', 'model.onnx', { length: 8 }],
    ['a huge offset', 'w.bin', { offset: 2n ** 62n }],
    ['an offset beyond 64 bits', 'w.bin', { offset: 2n ** 64n }],
    ['a negative offset', 'w.bin', { offset: -8 }],
    ['a huge length', 'w.bin', { length: 2n ** 62n }],
    ['a length of another tensor', 'w.bin', { length: 4 }],
    ['an end past the file', 'w.bin', { offset: 12, length: 8 }],
  ])('is refused in %s', async (_, location, more) => {
    await expect(inspect(outside(location, more), data)).rejects.toMatchObject({
      code: 'model_files.external_data_refused',
    });
  });

  it('is refused inside attributes and subgraphs as well', async () => {
    const value = { tensor: { name: 'v', datatype: 'FP32', shape: [1], externalData: { location: '../x' } } };
    const constant: OnnxNode = { op: 'Constant', inputs: [], outputs: ['k'], attributes: { value } };
    const body = { inputs: [], outputs: [], nodes: [constant] };
    const wrapped: OnnxNode = {
      op: 'If',
      inputs: ['x'],
      outputs: ['y'],
      attributes: { then_branch: { graph: body } },
    };
    for (const node of [constant, wrapped]) {
      await expect(inspect({ nodes: [ADD, node] })).rejects.toMatchObject({ kind: 'unprocessable' });
    }
  });
});

describe('operators', () => {
  it.each([
    ['an unknown domain', { op: 'Evil', domain: 'com.evil' }],
    ['an operator that ONNX Runtime does not have', { op: 'PyOp', domain: 'com.microsoft' }],
    ['training', { op: 'Adam', domain: 'ai.onnx.preview.training' }],
  ])('of %s are refused', async (_, node) => {
    await expect(inspect({ nodes: [ADD, { ...node, inputs: [], outputs: [] }] })).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'model_files.operator_refused',
    });
  });
});

describe('tensors whose dimensions lie', () => {
  const dims = (...shape: (number | bigint)[]) => ({ initializers: [{ ...W, shape }] });

  it.each([
    ['huge', dims(2n ** 40n, 2n ** 40n)],
    ['overflowing to what is there', dims(2n ** 63n - 1n, 2n ** 63n - 1n, 2)],
    ['negative', dims(-2)],
    ['more than there is', dims(3)],
    ['less than there is', dims(1)],
    ['more than anybody uses', dims(...Array.from({ length: 40 }, () => 1))],
    ['of no data at all', { initializers: [{ name: 'w', datatype: 'FP32', shape: [2] }] }],
  ])('are refused: %s', async (_, change) => {
    await expect(inspect(change)).rejects.toMatchObject({ code: 'model_files.tensor_invalid' });
  });
});

describe('work that never depends on the input', () => {
  const shaped = (op: string, ...values: (number | bigint)[]) => ({
    nodes: [ADD, { op, inputs: op === 'ConstantOfShape' ? ['s'] : ['x', 's'], outputs: ['z'] }],
    initializers: [W, int64('s', ...values)],
  });

  it.each([
    ['ConstantOfShape', [200_000, 200_000]],
    ['Expand', [2n ** 40n]],
    ['Tile', [1_000_000, 1_000_000]],
    ['OneHot', [2n ** 40n]],
    ['Pad', [0, 2n ** 40n]],
  ])('of %s is refused when it makes too much, and accepted otherwise', async (op, values) => {
    await expect(inspect(shaped(op, ...values))).rejects.toMatchObject({ code: 'model_files.too_demanding' });
    await expect(inspect(shaped(op, 2, 3))).resolves.toBeDefined();
  });

  const loop = (turns: OnnxTensor[], condition: OnnxNode, inner: OnnxNode[] = []): Partial<OnnxModel> => ({
    initializers: [W, ...turns],
    nodes: [
      ADD,
      {
        op: 'Loop',
        inputs: [turns[0]?.name ?? '', 'go'],
        outputs: [],
        attributes: {
          body: {
            graph: {
              inputs: [
                { name: 'i', datatype: 'INT64', shape: [] },
                { name: 'c', datatype: 'BOOL', shape: [] },
              ],
              outputs: [{ name: 'on', datatype: 'BOOL', shape: [] }],
              nodes: [...inner, condition],
            },
          },
        },
      },
    ],
  });
  const same: OnnxNode = { op: 'Identity', inputs: ['c'], outputs: ['on'] };
  const computed: OnnxNode = { op: 'Less', inputs: ['i', 'x'], outputs: ['on'] };

  it('of loops is refused when only a huge count ends them, none does, or nested ones multiply', async () => {
    const endless = loop([int64('n', 2n ** 63n - 1n)], same);
    await expect(inspect(endless)).rejects.toMatchObject({ code: 'model_files.too_demanding' });
    await expect(inspect(loop([], same))).rejects.toThrow('without end');
    const nested = loop([int64('n', 2_000)], same, loop([int64('n', 2_000)], same).nodes as OnnxNode[]);
    await expect(inspect(nested)).rejects.toThrow('4000000 times');
  });

  it('of loops is accepted when they count to little, or a computed condition ends them', async () => {
    await expect(inspect(loop([int64('n', 100)], same))).resolves.toBeDefined();
    await expect(inspect(loop([int64('n', 2n ** 63n - 1n)], computed))).resolves.toBeDefined();
  });
});

describe('a file that is not well-formed', () => {
  const refused = (bytes: Uint8Array) => {
    const file = memoryFile('model.onnx', bytes);
    return expect(inspectOnnx(file, [file])).rejects;
  };

  it('is refused when it is nested deeper than any model', async () => {
    let graph: OnnxGraph = { inputs: [], outputs: [], nodes: [] };
    for (let depth = 0; depth < 100; depth += 1) {
      graph = {
        ...graph,
        nodes: [{ op: 'If', inputs: [], outputs: [], attributes: { then_branch: { graph } } }],
      };
    }
    await refused(modelOf({ nodes: [ADD, ...graph.nodes] })).toMatchObject({
      code: 'model_files.too_demanding',
    });
  });

  it('is refused when it has two graphs, of which a reader might take the other', async () => {
    const one = modelOf();
    await refused(Buffer.concat([one, one])).toThrow('two graphs');
  });

  it('is refused when it says more than it has, before anything is made of that size', async () => {
    const writer = new BinaryWriter();
    writer
      .tag(1, WireType.Varint)
      .int64(8)
      .tag(7, WireType.LengthDelimited)
      .uint32(2 ** 31 - 1);
    await refused(writer.finish()).toMatchObject({ code: 'model_files.malformed' });
  });

  it('is refused when it is larger than protobuf can be', async () => {
    const read = () => {
      throw new Error('nothing is read');
    };
    const file = { path: 'model.onnx', sizeBytes: 2 ** 31, read };
    await expect(inspectOnnx(file, [file])).rejects.toMatchObject({ kind: 'unprocessable' });
  });
});

it('reads no weights', async () => {
  const bytes = modelOf({
    initializers: [{ ...W, shape: [4_000_000], data: new Uint8Array(16_000_000) }],
  });
  let read = 0;
  const file: ModelFile = {
    path: 'model.onnx',
    sizeBytes: bytes.length,
    read: (start, end) => {
      read += end - start;
      return bytes.subarray(start, end);
    },
  };
  await inspectOnnx(file, [file]);
  expect(read).toBeLessThan(1_000_000);
});
