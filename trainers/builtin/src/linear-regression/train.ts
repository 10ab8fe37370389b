import { join } from 'node:path';
import { loadTensorflow, type Tensorflow } from '@aimass/platform-tensorflow';
import type { Progress } from '../progress.js';
import type { TrainingContext } from '../training-context.js';
import { TrainingFailure } from '../training-failure.js';
import { Checkpoint, fingerprintOf } from './checkpoint.js';
import { readData, type RegressionData } from './data.js';
import { descend } from './descent.js';
import { type LinearRegressionHyperparameters, parseHyperparameters } from './hyperparameters.js';
import { writeModel } from './model.js';
import { allRows, buildReport, type Report } from './report.js';
import type { Coefficients, Sample } from './sample.js';
import { initialWeights, selectLearningRate, type Selection } from './selection.js';
import { fitScaler, fold, type Scaler, standardize } from './standardize.js';

/** Shares of the progress bar: reading, the trials, the refit, then report, plots and model. */
const PROGRESS = { read: 0.03, trials: 0.85, refit: 0.93 };

/**
 * The whole linear-regression job: read, select the learning rate, evaluate once, refit when asked, report, plot.
 * The model folder is written last, so that it appears only when everything else has succeeded.
 */
export async function trainLinearRegression({
  contract,
  progress,
  ...context
}: TrainingContext): Promise<void> {
  const hyperparameters = parseHyperparameters(context.hyperparameters);
  const data = await readData(await contract.channels(), hyperparameters);
  progress.info(
    `rows: ${data.train.rows} train, ${data.validation?.rows ?? 0} validation, ${data.test?.rows ?? 0} test, ` +
      `${data.dropped} dropped; ${data.target} from ${data.features.join(', ')}`,
  );
  const { tf, backend } = await loadTensorflow({
    log: progress,
    ...(context.backend === 'auto' ? {} : { prefer: context.backend }),
  });
  progress.backend(backend);
  progress.progress(PROGRESS.read);
  const scaler = fitScaler(data.train);
  const selection = await select({ tf, contract, progress, hyperparameters }, data, scaler);
  const trainOnly = fold(scaler, selection.selected.weights);
  const refitting = hyperparameters.refit === 'all';
  const registeredRows = refitting ? allRows(data) : data.train;
  const { epochs, seed, refit } = hyperparameters;
  const registered = refitting
    ? await refitOn(tf, registeredRows, {
        epochs,
        seed,
        learningRate: selection.selected.learningRate,
        progress,
      })
    : trainOnly;
  progress.progress(PROGRESS.refit);
  const report = buildReport({
    ...{ backend, data, epochs, seed, selection, trainOnly, registered, registeredRows, refit },
  });
  announce(progress, report);
  await contract.writeWhole(
    join(contract.outputFolder, 'report.json'),
    `${JSON.stringify(report, null, 2)}\n`,
  );
  // Imported late: vega takes a third of a second to load, and nothing needs it before.
  const { drawFit, drawLoss } = await import('../plots.js');
  const plots = join(contract.outputFolder, 'plots');
  await contract.writeWhole(join(plots, 'fit.svg'), await drawFit(data, registered, refit));
  await contract.writeWhole(join(plots, 'loss.svg'), await drawLoss(report));
  await writeModel(tf, contract, { coefficients: registered, features: data.features, target: data.target });
}

interface SelectContext extends Pick<TrainingContext, 'contract' | 'progress'> {
  tf: Tensorflow;
  hyperparameters: LinearRegressionHyperparameters;
}

async function select(context: SelectContext, data: RegressionData, scaler: Scaler): Promise<Selection> {
  const { tf, contract, progress, hyperparameters } = context;
  const train = standardize(scaler, data.train);
  const validation = data.validation && standardize(scaler, data.validation);
  const checkpoint = new Checkpoint(contract, fingerprintOf(hyperparameters, [train, validation]));
  const { learningRates, epochs, seed } = hyperparameters;
  return selectLearningRate({
    ...{ tf, progress, scaler, train, validation, learningRates, epochs, seed },
    finished: await checkpoint.load(),
    onTrial: (trials) => checkpoint.save(trials),
    onFraction: (part) => progress.progress(PROGRESS.read + part * (PROGRESS.trials - PROGRESS.read)),
  });
}

interface RefitSettings {
  learningRate: number;
  epochs: number;
  seed: number;
  progress: Progress;
}

/**
 * The same descent on all rows, scaled by all rows. Their curvature differs a little from the training rows', so
 * a rate that was barely low enough may diverge here; it is then lowered, as in the selection.
 */
async function refitOn(tf: Tensorflow, rows: Sample, settings: RefitSettings): Promise<Coefficients> {
  const { epochs, seed, progress } = settings;
  const scaler = fitScaler(rows);
  for (let { learningRate } = settings; learningRate >= settings.learningRate / 1000; learningRate /= 10) {
    const descent = await descend(tf, {
      ...{ train: standardize(scaler, rows), validation: undefined, learningRate, epochs },
      initial: initialWeights(scaler, seed),
      lossScale: scaler.target.scale ** 2,
      onEpoch: (epoch) =>
        progress.progress(PROGRESS.trials + (epoch / epochs) * (PROGRESS.refit - PROGRESS.trials)),
      onPoint: ({ epoch, train }) =>
        progress.metric({ metric: 'train_loss', value: train, epoch, trial: 'refit' }),
    });
    if (descent.status === 'ok') return fold(scaler, descent.weights);
    progress.warn(`refit at learning rate ${learningRate}: ${descent.reason}`);
  }
  throw new TrainingFailure(
    'The refit on all rows diverged. Set "refit" to "none", or lower the learning rates.',
  );
}

function announce(progress: Progress, { rmse, verdict, learningRate, selectedOn }: Report): void {
  progress.info(`learning rate ${learningRate}, chosen by the ${selectedOn} loss`);
  for (const [split, value] of Object.entries(rmse)) {
    progress.metric({ metric: `${split}_rmse`, value: Number(value) });
  }
  progress.info(`fit: ${verdict.kind}. ${verdict.explanation} ${verdict.advice}`);
}
