import { describe, expect, it } from 'vitest';
import { parseHyperparameters } from './hyperparameters.js';

const base = { algorithm: 'linear-regression', target: 'y' };

describe('hyperparameters', () => {
  it('have defaults', () => {
    expect(parseHyperparameters(base)).toEqual({
      ...base,
      learningRates: [0.3, 0.1, 0.03, 0.01],
      ...{ epochs: 500, seed: 1, refit: 'none' },
    });
  });

  it.each(['a, b', '["a","b"]'])('take the list %s', (features) => {
    expect(parseHyperparameters({ ...base, features }).features).toEqual(['a', 'b']);
  });

  it.each(['0.1,0.2', '[0.1, 0.2]'])('take the rates %s', (learningRates) => {
    expect(parseHyperparameters({ ...base, learningRates }).learningRates).toEqual([0.1, 0.2]);
  });

  it.each([
    [{ learningRates: '0' }, /learningRates: must be numbers above 0/],
    [{ learningRates: 'fast' }, /learningRates/],
    [{ epochs: '1.5' }, /epochs/],
    [{ epochs: '0', refit: 'some' }, /epochs.*refit/],
    [{ features: '[1' }, /features: is neither/],
    [{ features: 'a,a' }, /features: names a column twice/],
    [{ epoch: '5' }, /Unknown hyperparameter: epoch\. Known are/],
  ])('are refused with the reason: %j', (extra, reason) => {
    expect(() => parseHyperparameters({ ...base, ...extra })).toThrow(reason);
  });

  it("leave out SageMaker's own entries", () => {
    expect(() => parseHyperparameters({ ...base, sagemaker_region: 'x' })).not.toThrow();
  });
});
