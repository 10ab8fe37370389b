import { describe, expect, it } from 'vitest';
import type { ModelDescription } from './descriptions.js';
import { batchingOf } from './model-config.js';

const model = (shape: readonly number[], maxBatchSize: number): ModelDescription => ({
  ...{ name: 'm', versions: ['1'], platform: 'onnxruntime_onnx' },
  inputs: [{ name: 'x', datatype: 'BYTES', shape: [-1, 4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape }],
  config: { backend: 'onnxruntime', maxBatchSize, batchDelayUs: 50 },
});

describe('batchingOf', () => {
  it('leaves the rows out of the dims when requests share runs', () => {
    expect(batchingOf(model([-1, 2], 8))).toMatchObject({
      batching: { maxBatchSize: 8, batchDelayUs: 50 },
      inputs: [{ dataType: 'TYPE_STRING', dims: [4] }],
      outputs: [{ dataType: 'TYPE_FP32', dims: [2] }],
    });
  });

  it.each([
    ['a first dimension is fixed', [1, 2], 8],
    ['the limit is not known', [-1, 2], 0],
    ['an output is a scalar', [], 8],
  ])('says no batching and whole dims when %s', (_why, shape, maxBatchSize) => {
    const config = batchingOf(model(shape, maxBatchSize));
    expect(config.batching.maxBatchSize).toBe(0);
    expect(config.inputs[0]?.dims).toEqual([-1, 4]);
    expect(config.outputs[0]?.dims).toEqual(shape);
  });
});
