import type { RegressionData } from './data.js';
import { type Evaluation, evaluate, mean } from './evaluation.js';
import { roundToFloat32 } from './model.js';
import { ordinaryLeastSquares } from './ols.js';
import { type Coefficients, joinSamples, type Sample } from './sample.js';
import { type Selection, trialName } from './selection.js';
import { judge, type Verdict } from './verdict.js';

export interface NamedCoefficients {
  intercept: number;
  /** By feature column. */
  weights: Record<string, number>;
}

interface BySplit<T> {
  train: T;
  validation?: T;
  test?: T;
}

/** `output/data/report.json`; losses are J in squared units of the target. */
export interface Report {
  algorithm: 'linear-regression';
  backend: string;
  features: string[];
  target: string;
  rows: { train: number; validation: number; test: number; dropped: number };
  learningRate: number;
  epochs: number;
  seed: number;
  trials: {
    learningRate: number;
    status: 'ok' | 'diverged';
    finalTrainLoss: number | null;
    finalValidationLoss: number | null;
    reason?: string;
  }[];
  selectedOn: 'validation' | 'train';
  /** Of the registered model: equal to `trainOnly`, unless `refit` is `all`. */
  coefficients: NamedCoefficients;
  /** Of the model that learnt from the training rows alone; `rmse`, `r2` and `verdict` are about this one. */
  trainOnly: NamedCoefficients;
  refit: 'none' | 'all';
  /** The closed-form optimum on the rows of the registered model. */
  ols: NamedCoefficients;
  rmse: BySplit<number>;
  r2: BySplit<number | null>;
  verdict: Verdict;
  /** What to know before trusting the figures; empty when there is nothing. */
  notes: string[];
  /** By trial name, `learning_rate=…`; `validation` is null where there is no validation channel. */
  curves: Record<string, { epoch: number[]; train: number[]; validation: (number | null)[] }>;
}

export interface ReportInput {
  backend: string;
  data: RegressionData;
  epochs: number;
  seed: number;
  selection: Selection;
  trainOnly: Coefficients;
  /** The model to register, and the rows that it learnt from. */
  registered: Coefficients;
  registeredRows: Sample;
  refit: 'none' | 'all';
}

/** Puts the report together. The one place where the test rows are looked at, after everything is decided. */
export function buildReport(input: ReportInput): Report {
  const { data, selection, trainOnly, registered, registeredRows, refit } = input;
  const ols = ordinaryLeastSquares(registeredRows);
  const evaluations: BySplit<Evaluation> = {
    train: evaluate(trainOnly, data.train),
    ...(data.validation && { validation: evaluate(trainOnly, data.validation) }),
    ...(data.test && { test: evaluate(trainOnly, data.test) }),
  };
  const named = ({ intercept, weights }: Coefficients): NamedCoefficients => ({
    intercept,
    weights: Object.fromEntries(data.features.map((name, j) => [name, weights[j] ?? 0])),
  });
  return {
    algorithm: 'linear-regression',
    backend: input.backend,
    features: data.features,
    target: data.target,
    rows: {
      train: data.train.rows,
      validation: data.validation?.rows ?? 0,
      test: data.test?.rows ?? 0,
      dropped: data.dropped,
    },
    learningRate: selection.selected.learningRate,
    ...{ epochs: input.epochs, seed: input.seed },
    trials: selection.trials.map(({ learningRate, status, finalTrainLoss, finalValidationLoss, reason }) => ({
      ...{ learningRate, status, finalTrainLoss, finalValidationLoss },
      ...(reason === undefined ? {} : { reason }),
    })),
    selectedOn: selection.selectedOn,
    coefficients: named(registered),
    trainOnly: named(trainOnly),
    refit,
    ols: named(ols),
    rmse: mapSplits(evaluations, ({ rmse }) => rmse),
    r2: mapSplits(evaluations, ({ r2 }) => r2),
    verdict: judge(trainOnly, data.train, data.validation),
    notes: notesOn(input, ols.redundant),
    curves: curvesOf(selection),
  };
}

/** Rows of all channels: what `refit: all` learns from. */
export function allRows({ train, validation, test }: RegressionData): Sample {
  return joinSamples([train, validation, test].filter((sample) => sample !== undefined));
}

function notesOn(
  { data, selection, registered, registeredRows, refit }: ReportInput,
  redundant: number[],
): string[] {
  const notes: string[] = [];
  if (selection.selectedOn === 'train') {
    notes.push('There is no validation channel: the learning rate was chosen by the training loss.');
  }
  if (refit === 'all') {
    notes.push(
      '"coefficients" and "ols" come from all rows of all channels (refit: all); "trainOnly", "rmse", "r2" and ' +
        '"verdict" come from the training rows alone, because no row is left to test the refitted model on.',
    );
  }
  if (redundant.length > 0) {
    const names = redundant.map((j) => data.features[j]).join(', ');
    notes.push(`Constant, or determined by other features (weight 0 in "ols"): ${names}.`);
  }
  const exact = evaluate(registered, registeredRows).rmse;
  const rounded = evaluate(roundToFloat32(registered), registeredRows).rmse;
  if (rounded > exact * 1.001 && rounded > 1e-6 * spreadOf(registeredRows)) {
    notes.push(
      `The saved model holds 32-bit numbers, which raises its RMSE from ${exact} to ${rounded}: subtract a constant ` +
        'from features whose values are large compared with their spread.',
    );
  }
  return notes;
}

function spreadOf({ target }: Sample): number {
  const center = mean(target);
  return Math.sqrt(mean(target.map((value) => (value - center) ** 2)));
}

function curvesOf(selection: Selection): Report['curves'] {
  return Object.fromEntries(
    selection.trials.map(({ learningRate, curve }) => [
      trialName(learningRate),
      {
        epoch: curve.map((point) => point.epoch),
        train: curve.map((point) => point.train),
        validation: curve.map((point) => point.validation ?? null),
      },
    ]),
  );
}

function mapSplits<T, U>(splits: BySplit<T>, map: (value: T) => U): BySplit<U> {
  return {
    train: map(splits.train),
    ...(splits.validation && { validation: map(splits.validation) }),
    ...(splits.test && { test: map(splits.test) }),
  };
}
