import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildOnnxModel } from './build-onnx.js';
import { rawBytes } from './raw-values.js';

async function run(model: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await InferenceSession.create(model);
  return session.run(feeds);
}

describe('a built model', () => {
  it('computes in ONNX Runtime what its nodes say', async () => {
    const model = buildOnnxModel({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
      nodes: [
        {
          op: 'Gemm',
          inputs: ['x', 'w', 'b'],
          outputs: ['y'],
          attributes: { alpha: { float: 2 }, transB: { int: 1 } },
        },
      ],
      initializers: [
        { name: 'w', datatype: 'FP32', shape: [1, 2], data: [3, 4] },
        { name: 'b', datatype: 'FP32', shape: [1], data: [0.5] },
      ],
    });
    const { y } = await run(model, { x: new Tensor('float32', [1, 1, 2, 0], [2, 2]) });
    expect(y?.dims).toEqual([2, 1]);
    expect([...(y?.data as Float32Array)]).toEqual([14.5, 12.5]);
  });

  it('carries subgraphs, lists, text and tensors as attributes', async () => {
    const branch = (value: number) => ({
      graph: {
        inputs: [],
        outputs: [{ name: 'r', datatype: 'INT64', shape: [1] }],
        nodes: [
          {
            op: 'Constant',
            inputs: [],
            outputs: ['r'],
            attributes: { value: { tensor: { name: '', datatype: 'INT64', shape: [1], data: [value] } } },
          },
        ],
      },
    });
    const model = buildOnnxModel({
      inputs: [
        { name: 'c', datatype: 'BOOL', shape: [] },
        { name: 't', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [
        { name: 'n', datatype: 'INT64', shape: [1] },
        { name: 'u', datatype: 'BYTES', shape: [-1] },
      ],
      nodes: [
        {
          op: 'If',
          inputs: ['c'],
          outputs: ['n'],
          attributes: { then_branch: branch(7), else_branch: branch(-8) },
        },
        {
          op: 'StringNormalizer',
          inputs: ['t'],
          outputs: ['u'],
          attributes: {
            case_change_action: { string: 'UPPER' },
            locale: { string: 'C' },
            stopwords: { strings: ['drop'] },
          },
        },
      ],
    });
    const feeds = { c: new Tensor('bool', [false], []), t: new Tensor('string', ['ab', 'drop'], [2]) };
    const { n, u } = await run(model, feeds);
    expect(n?.data).toEqual(BigInt64Array.of(-8n));
    expect(u?.data).toEqual(['AB']);
  });

  it('calls functions of its own', async () => {
    const model = buildOnnxModel({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
      nodes: [{ op: 'Double', domain: 'own', inputs: ['x'], outputs: ['y'] }],
      functions: [
        {
          name: 'Double',
          domain: 'own',
          inputs: ['a'],
          outputs: ['b'],
          nodes: [{ op: 'Add', inputs: ['a', 'a'], outputs: ['b'] }],
        },
      ],
    });
    const { y } = await run(model, { x: new Tensor('float32', [4], [1]) });
    expect([...(y?.data as Float32Array)]).toEqual([8]);
  });
});

describe('raw values', () => {
  it.each([
    ['FP16', [1, -2, 65_504, 65_520, 2 ** -24, 2 ** -25, 1 / 3, 0], 'x003c00c0ff7b007c0100000055350000'],
    ['BF16', [1, -2, 1 / 3, 3.4e38], 'x803f00c0ab3e807f'],
    ['INT64', [2n ** 63n - 1n, -1], 'xffffffffffffff7fffffffffffffffff'],
    ['BOOL', [true, false, 2], 'x010001'],
    ['UINT16', [65_535], 'xffff'],
  ])('of %s are little-endian and rounded to nearest', (datatype, values, hex) => {
    expect(`x${Buffer.from(rawBytes(datatype, values)).toString('hex')}`).toBe(hex);
  });

  it('refuse a datatype without fixed size', () => {
    expect(() => rawBytes('BYTES', [1])).toThrow(RangeError);
  });
});
