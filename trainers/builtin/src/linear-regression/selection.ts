import type { Tensorflow } from '@aimass/platform-tensorflow';
import type { Progress } from '../progress.js';
import { TrainingFailure } from '../training-failure.js';
import { descend, type LossPoint } from './descent.js';
import { mulberry32 } from './random.js';
import type { Scaler, StandardSample, StandardWeights } from './standardize.js';

/** How often all rates are lowered by ten when none of them converges. */
const LOWERINGS = 3;

/** One finished learning rate; losses are J in squared units of the target. */
export interface Trial {
  learningRate: number;
  status: 'ok' | 'diverged';
  finalTrainLoss: number | null;
  finalValidationLoss: number | null;
  reason?: string;
  /** In standard units; absent when the trial diverged. */
  weights?: StandardWeights;
  curve: LossPoint[];
}

export interface SelectionInput {
  tf: Tensorflow;
  progress: Progress;
  scaler: Scaler;
  train: StandardSample;
  validation: StandardSample | undefined;
  learningRates: number[];
  epochs: number;
  seed: number;
  /** Trials that an earlier, interrupted run has finished; they are not run again. */
  finished: Trial[];
  /** Called after each trial with all finished ones. */
  onTrial(trials: Trial[]): Promise<void>;
  /** 0 to 1 over the whole selection. */
  onFraction(fraction: number): void;
}

export interface Selection {
  trials: Trial[];
  selected: Trial & { weights: StandardWeights };
  selectedOn: 'validation' | 'train';
}

/**
 * Runs one descent per learning rate and takes the one with the lowest final validation loss (training loss when
 * there is no validation channel). When every rate diverges, all are lowered by ten, up to three times.
 * Throws TrainingFailure when none converges.
 */
export async function selectLearningRate(input: SelectionInput): Promise<Selection> {
  const selectedOn = input.validation === undefined ? 'train' : 'validation';
  let trials: Trial[] = [];
  let rates = input.learningRates;
  for (let lowering = 0; lowering <= LOWERINGS; lowering++) {
    if (lowering > 0) {
      rates = lowered(rates, trials);
      input.progress.warn(`all learning rates diverged; trying them ten times lower: ${rates.join(', ')}`);
    }
    trials = await runRates(input, rates, trials);
    const selected = best(trials, selectedOn);
    if (selected !== undefined) return { trials, selected, selectedOn };
  }
  const tried = trials.map((trial) => trial.learningRate).join(', ');
  throw new TrainingFailure(
    `Gradient descent diverged at every learning rate tried (${tried}). Choose much lower learning rates, or look ` +
      'for columns that repeat each other: they make the descent steep in one direction.',
  );
}

/** The same random start for every trial of a seed, so that trials differ by their rate alone. */
export function initialWeights(scaler: Scaler, seed: number): StandardWeights {
  const random = mulberry32(seed);
  // A constant column is all zeros: its weight never moves, and must not keep a random value.
  const weights = scaler.features.map(({ isConstant }) => (isConstant ? 0 * random() : random() - 0.5));
  return { weights, bias: random() - 0.5 };
}

export function trialName(learningRate: number): string {
  return `learning_rate=${learningRate}`;
}

async function runRates(input: SelectionInput, rates: number[], before: Trial[]): Promise<Trial[]> {
  const trials = [...before];
  for (const [index, learningRate] of rates.entries()) {
    const finished = input.finished.find((trial) => trial.learningRate === learningRate);
    if (finished !== undefined) {
      input.progress.info(`${trialName(learningRate)}: taken from the checkpoint`);
      trials.push(finished);
      continue;
    }
    trials.push(
      await runTrial(input, learningRate, (part) => input.onFraction((index + part) / rates.length)),
    );
    await input.onTrial(trials);
  }
  return trials;
}

async function runTrial(
  input: SelectionInput,
  learningRate: number,
  onFraction: (fraction: number) => void,
): Promise<Trial> {
  const { tf, progress, scaler, train, validation, epochs, seed } = input;
  const trial = trialName(learningRate);
  const descent = await descend(tf, {
    ...{ train, validation, learningRate, epochs },
    initial: initialWeights(scaler, seed),
    lossScale: scaler.target.scale ** 2,
    onEpoch: (epoch) => onFraction(epoch / epochs),
    onPoint: (point) => {
      progress.metric({ metric: 'train_loss', value: point.train, epoch: point.epoch, trial });
      if (point.validation === undefined) return;
      progress.metric({ metric: 'validation_loss', value: point.validation, epoch: point.epoch, trial });
    },
  });
  const last = descent.curve.at(-1);
  const losses = { finalTrainLoss: last?.train ?? null, finalValidationLoss: last?.validation ?? null };
  if (descent.status === 'ok') {
    return { learningRate, status: 'ok', ...losses, weights: descent.weights, curve: descent.curve };
  }
  const { reason, epoch, curve } = descent;
  progress.metric({ metric: 'diverged', value: 1, epoch, trial, reason });
  progress.warn(`${trial}: ${reason}`);
  return { learningRate, status: 'diverged', ...losses, reason, curve };
}

function best(trials: Trial[], selectedOn: 'validation' | 'train'): Selection['selected'] | undefined {
  const loss = (trial: Trial): number =>
    (selectedOn === 'validation' ? trial.finalValidationLoss : trial.finalTrainLoss) ?? Infinity;
  const converged = trials.flatMap((trial) => {
    const { weights } = trial;
    return trial.status === 'ok' && weights !== undefined && Number.isFinite(loss(trial))
      ? [{ ...trial, weights }]
      : [];
  });
  return converged.sort((a, b) => loss(a) - loss(b))[0];
}

function lowered(rates: number[], tried: Trial[]): number[] {
  return rates
    .map((rate) => Number((rate / 10).toPrecision(12)))
    .filter((rate) => tried.every((trial) => trial.learningRate !== rate));
}
