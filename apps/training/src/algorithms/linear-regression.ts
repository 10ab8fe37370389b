import type { AlgorithmDefinition } from './algorithm.js';
import { columnList, integer, nonEmpty, oneOf, parseList, positiveNumbers } from './checks.js';

/** What the built-in trainer takes for linear regression; the bounds are the trainer's own. */
export const linearRegression: AlgorithmDefinition = {
  name: 'linear-regression',
  description:
    'Fits a line by gradient descent on J(θ) = 1/(2m)·Σ(hθ(x)−y)². The validation rows choose the learning rate, the ' +
    'test rows are used once, and the report compares the result with ordinary least squares.',
  hyperparameters: [
    {
      name: 'target',
      type: 'text',
      description: 'The numeric column to predict.',
      default: '',
      isRequired: true,
      check: nonEmpty,
    },
    {
      name: 'features',
      type: 'list of texts',
      description:
        'The numeric columns to predict from; when not given, every numeric column but the target.',
      default: '',
      isRequired: false,
      check: columnList,
    },
    {
      name: 'learningRates',
      type: 'list of numbers',
      description: 'Learning rates to try, each above 0; the one with the lowest validation loss is taken.',
      default: '[0.3,0.1,0.03,0.01]',
      isRequired: false,
      check: positiveNumbers(50),
    },
    {
      name: 'epochs',
      type: 'integer',
      description: 'Steps of gradient descent for each learning rate.',
      default: '500',
      isRequired: false,
      check: integer(1, 100_000_000),
    },
    {
      name: 'seed',
      type: 'integer',
      description: 'Decides the random start; the same seed gives the same model.',
      default: '1',
      isRequired: false,
      check: integer(0, 0xffff_ffff),
    },
    {
      name: 'refit',
      type: 'text',
      description:
        'all: once the learning rate is chosen, fit again on the rows of all parts; none: keep the first fit.',
      default: 'none',
      isRequired: false,
      check: oneOf('none', 'all'),
    },
  ],
  columns: ({ target = '', features }) => ({
    target,
    features: features === undefined ? null : parseList(features),
  }),
};
