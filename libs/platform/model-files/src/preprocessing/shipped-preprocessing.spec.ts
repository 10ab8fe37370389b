import { describe, expect, it } from 'vitest';
import { encodePreprocessing } from './preprocessing.js';
import { shipPreprocessing } from './shipped-preprocessing.js';

const preprocessing = Buffer.from(
  encodePreprocessing({
    columns: [
      { name: 'a', content: 'number' },
      { name: 'b', content: 'number' },
    ],
    steps: [{ op: 'standardize', column: 'a', mean: 1, scale: 2 }],
  }),
);
const signature = (changes: object = {}) =>
  Buffer.from(
    JSON.stringify({
      format: 'tfjs-layers',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      features: ['b', 'a'],
      ...changes,
    }),
  );

describe('shipPreprocessing', () => {
  it('asks callers for raw columns instead of the input of the model', () => {
    expect(shipPreprocessing(preprocessing, signature())).toMatchObject({
      modelInput: { name: 'x', datatype: 'FP32', shape: ['-1', '2'] },
      rawInputs: [{ name: 'features', datatype: 'FP64', shape: ['-1', '2'] }],
      plan: { sources: [{ name: 'b' }, { name: 'a' }] },
    });
  });

  it.each([
    ['names no features', { features: undefined }],
    ['names another number of features', { features: ['a'] }],
    ['names a feature that does not exist', { features: ['a', 'c'] }],
    ['takes two inputs', { inputs: [1, 2].map(() => ({ name: 'x', datatype: 'FP32', shape: [-1, 1] })) }],
    ['takes no floats', { inputs: [{ name: 'x', datatype: 'INT64', shape: [-1, 2] }] }],
    ['takes no rows', { inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }] }],
  ])('refuses a model that %s', (_, changes) => {
    expect(() => shipPreprocessing(preprocessing, signature(changes))).toThrow(/preprocessing of the model/);
  });
});
