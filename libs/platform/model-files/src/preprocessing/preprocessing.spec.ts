import { describe, expect, it } from 'vitest';
import { planFeatures, rawInputs, writeFeatures } from './feature-plan.js';
import { preparedColumns } from './prepared-columns.js';
import { encodePreprocessing, parsePreprocessing } from './preprocessing.js';
import type { Preprocessing } from './preprocessing.js';

const flowers: Preprocessing = {
  columns: [
    { name: 'size', content: 'number' },
    { name: 'color', content: 'text' },
    { name: 'wild', content: 'boolean' },
    { name: 'seen', content: 'other' },
    { name: 'price', content: 'number' },
  ],
  steps: [
    { op: 'fill', column: 'size', value: 2.5 },
    { op: 'standardize', column: 'size', mean: 0.1, scale: 0.3 },
    { op: 'fill', column: 'color', value: 'red' },
    { op: 'oneHot', column: 'color', categories: ['blue', 'red'] },
    { op: 'oneHot', column: 'wild', categories: ['true'] },
  ],
};

const numeric: Preprocessing = {
  columns: [
    { name: 'a', content: 'number' },
    { name: 'b', content: 'number' },
  ],
  steps: [{ op: 'standardize', column: 'a', mean: 1, scale: 2 }],
};

describe('preparedColumns', () => {
  it('puts one-hot columns where their source stood, and keeps the rest', () => {
    expect(preparedColumns(flowers).map(({ name, content }) => `${name}:${content}`)).toEqual([
      'size:number',
      'color_blue:number',
      'color_red:number',
      'wild_true:number',
      'seen:other',
      'price:number',
    ]);
  });

  it('refuses steps on absent columns, of another type, and two columns of one name', () => {
    const withStep = (step: Preprocessing['steps'][number]) => () =>
      preparedColumns({ ...flowers, steps: [step] });
    expect(withStep({ op: 'fill', column: 'weight', value: 1 })).toThrow(/absent column "weight"/);
    expect(withStep({ op: 'fill', column: 'color', value: 1 })).toThrow(/does not suit column "color"/);
    expect(withStep({ op: 'standardize', column: 'color', mean: 0, scale: 1 })).toThrow(/does not suit/);
    expect(withStep({ op: 'oneHot', column: 'seen', categories: ['x'] })).toThrow(/does not suit/);
    expect(withStep({ op: 'oneHot', column: 'color', categories: ['A', 'a'] })).toThrow(/two columns/);
  });
});

describe('planFeatures', () => {
  it('takes the raw columns in the order in which features need them, one input each when some are text', () => {
    const plan = planFeatures(flowers, ['color_red', 'size', 'color_blue', 'wild_true']);
    expect(rawInputs(plan)).toEqual([
      { name: 'color', datatype: 'BYTES', shape: ['-1', '1'] },
      { name: 'size', datatype: 'FP64', shape: ['-1', '1'] },
      { name: 'wild', datatype: 'BOOL', shape: ['-1', '1'] },
    ]);
  });

  it('takes one tensor "features" when all are numbers', () => {
    expect(rawInputs(planFeatures(numeric, ['b', 'a']))).toEqual([
      { name: 'features', datatype: 'FP64', shape: ['-1', '2'] },
    ]);
  });

  it('refuses a feature that is absent or no number', () => {
    expect(() => planFeatures(flowers, ['color'])).toThrow(/"color" is absent/);
    expect(() => planFeatures(flowers, ['seen'])).toThrow(/"seen" is no number/);
  });
});

describe('writeFeatures', () => {
  it('fills, encodes unknown categories as zeros, and standardizes in 64 bits', () => {
    const plan = planFeatures(flowers, ['size', 'color_blue', 'color_red', 'price']);
    const rows = [
      [0.7, 'blue', 9],
      [Number.NaN, '', 8],
      [1e300, 'green', 7],
    ];
    const features = new Float64Array(12);
    writeFeatures(plan, 3, (source, row) => rows[row]?.[source] ?? '', features);
    expect([...features]).toEqual([
      ...[(0.7 - 0.1) / 0.3, 1, 0, 9],
      ...[(2.5 - 0.1) / 0.3, 0, 1, 8],
      ...[(1e300 - 0.1) / 0.3, 0, 0, 7],
    ]);
  });
});

describe('the document', () => {
  it('reads back as it was, and is the same text whatever the order of its properties', () => {
    const text = encodePreprocessing(flowers);
    expect(parsePreprocessing(text)).toEqual(flowers);
    const turned = {
      steps: flowers.steps.map((step) => Object.fromEntries(Object.entries(step).reverse())),
      columns: flowers.columns.map(({ name, content }) => ({ content, name })),
    };
    expect(encodePreprocessing(turned as unknown as Preprocessing)).toBe(text);
  });

  it('refuses what is no preprocessing', () => {
    const text = encodePreprocessing(numeric);
    expect(() => parsePreprocessing('{')).toThrow(/not valid/);
    expect(() => parsePreprocessing(text.replace('"scale":2', '"scale":0'))).toThrow(/scale/);
    expect(() => parsePreprocessing(text.replace('.v1', '.v9'))).toThrow(/format/);
    expect(() => parsePreprocessing(text.replace('"mean":1', '"mean":1e999'))).toThrow(/mean/);
  });
});
