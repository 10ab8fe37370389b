import { describe, expect, it } from 'vitest';
import { ALGORITHMS, checkHyperparameters, findAlgorithm } from './catalogue.js';
import { linearRegression } from './linear-regression.js';

const check = (values: Record<string, string>) =>
  checkHyperparameters(linearRegression, { target: 'y', ...values });

describe('the hyperparameters of linear-regression', () => {
  it.each([
    { features: 'a,b' },
    { features: '["a, with comma","b"]' },
    { learningRates: '0.1' },
    { learningRates: '[0.3, 0.1]' },
    { learningRates: '["1e-3"]' },
    { epochs: '1' },
    { seed: '0' },
    { refit: 'all' },
  ])('may be %o', (values) => {
    expect(check(values as unknown as Record<string, string>)).toEqual([]);
  });

  it.each([
    ['features', '', /names separated by commas/],
    ['features', 'a,,b', /names separated by commas/],
    ['features', '[]', /names separated by commas/],
    ['features', '["a"', /names separated by commas/],
    ['features', 'a,b,a', /"a" twice/],
    ['learningRates', '0.1,fast', /above 0, not "fast"/],
    ['learningRates', '[0]', /above 0, not "0"/],
    ['learningRates', '[{}]', /numbers separated by commas/],
    ['learningRates', 'Infinity', /above 0/],
    ['learningRates', Array.from({ length: 51 }, (_, i) => i + 1).join(), /at most 50/],
    ['epochs', '0', /between 1 and/],
    ['epochs', '1.5', /whole number/],
    ['epochs', '1e3', /whole number/],
    ['epochs', '', /whole number/],
    ['seed', '-1', /between 0 and/],
    ['refit', 'some', /one of none, all/],
    ['target', '', /not be empty/],
    ['target', 'a\0b', /NUL/],
    ['target', 'x'.repeat(20_000), /at most 16384/],
    ['epoch', '5', /known are target, features/],
  ])('refuse %s = %j', (name, value, message) => {
    expect(check({ [name]: value })).toEqual([
      { path: `hyperparameters.${name}`, message: expect.stringMatching(message) as string },
    ]);
  });

  it('need a target, and everything wrong is said at once', () => {
    const paths = checkHyperparameters(linearRegression, { epochs: 'x', sed: '1' }).map(({ path }) => path);
    expect(paths).toEqual(['hyperparameters.sed', 'hyperparameters.target', 'hyperparameters.epochs']);
  });
});

describe('the catalogue', () => {
  it('finds an algorithm by name, and only that', () => {
    expect(findAlgorithm('linear-regression')).toBe(linearRegression);
    expect(findAlgorithm('toString')).toBeNull();
  });

  it('has defaults that pass their own checks', () => {
    for (const { hyperparameters } of ALGORITHMS) {
      for (const spec of hyperparameters) {
        if (spec.default !== '') expect([spec.name, spec.check(spec.default)]).toEqual([spec.name, null]);
      }
    }
  });
});
