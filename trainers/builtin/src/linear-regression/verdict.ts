import { evaluate, mean } from './evaluation.js';
import { ordinaryLeastSquares } from './ols.js';
import { type Coefficients, predict, type Sample } from './sample.js';

/** Whether the model fits, why we think so (with the figures), and what the user can do. */
export interface Verdict {
  kind: 'good' | 'underfit' | 'overfit' | 'unknown';
  explanation: string;
  advice: string;
}

/** With fewer rows than this, train and validation errors differ by chance too often to tell anything. */
const MIN_ROWS = 10;
/** The descent counts as finished when its error is within this share of the best possible on the same rows. */
const UNFINISHED_EXCESS = 0.02;
/** Below this R² on its own training rows a model hardly beats predicting the mean. */
const MIN_TRAIN_R2 = 0.1;
/** A curve must lower the squared error on unseen rows by this share before we call the line too simple. */
const CURVE_GAIN = 0.1;
/** Unseen rows must be predicted this much worse (RMSE), and beyond two standard errors, to call it overfit. */
const OVERFIT_RATIO = 1.15;

/**
 * Judges the train-only model from four comparisons: with the closed-form optimum on the same rows (has descent
 * finished?), with predicting the mean (does it explain anything?), with a cubic of its own prediction (Ramsey's
 * RESET idea: is the relation bent?), and of training with validation error (does it generalise?).
 */
export function judge(model: Coefficients, train: Sample, validation: Sample | undefined): Verdict {
  return (
    unfinished(model, train) ??
    uninformative(model, train) ??
    unjudgeable(train, validation) ??
    overfitted(model, train, validation ?? train) ??
    bent(model, train, validation ?? train) ??
    good(model, train, validation ?? train)
  );
}

function unfinished(model: Coefficients, train: Sample): Verdict | undefined {
  const reached = evaluate(model, train).rmse ** 2;
  const possible = evaluate(ordinaryLeastSquares(train), train).rmse ** 2;
  const baseline = evaluate(meanModel(train), train).rmse ** 2;
  const excess = reached - possible;
  // The second condition keeps rounding errors of a perfect fit from counting.
  if (excess <= possible * UNFINISHED_EXCESS || excess <= baseline * 1e-6) return undefined;
  return {
    kind: 'underfit',
    explanation:
      `The descent stopped early: its squared error on the training rows is ${figure(reached)}, the best a linear ` +
      `model can reach there is ${figure(possible)}.`,
    advice: 'Raise "epochs", or add higher learning rates.',
  };
}

function uninformative(model: Coefficients, train: Sample): Verdict | undefined {
  const { r2 } = evaluate(model, train);
  if (r2 !== null && r2 >= MIN_TRAIN_R2) return undefined;
  const share =
    r2 === null
      ? 'The target is the same in every training row'
      : `It explains ${percent(r2)} of the variance`;
  return {
    kind: 'underfit',
    explanation: `${share}, so on its own training rows the model hardly beats predicting the mean every time.`,
    advice:
      'Choose features that tell more about the target, or check that the target column is the right one.',
  };
}

function unjudgeable(train: Sample, validation: Sample | undefined): Verdict | undefined {
  if (validation !== undefined && Math.min(train.rows, validation.rows) >= MIN_ROWS) return undefined;
  const explanation =
    validation === undefined
      ? 'There are no validation rows, so nothing says how the model does on rows it has not seen.'
      : `There are ${train.rows} training and ${validation.rows} validation rows: too few to tell chance from a gap.`;
  return { kind: 'unknown', explanation, advice: `Split off a validation set of at least ${MIN_ROWS} rows.` };
}

function overfitted(model: Coefficients, train: Sample, validation: Sample): Verdict | undefined {
  const seen = evaluate(model, train);
  const unseen = evaluate(model, validation);
  const gap = unseen.rmse ** 2 - seen.rmse ** 2;
  const chance = 2 * Math.hypot(seen.mseStandardError, unseen.mseStandardError);
  if (unseen.rmse <= seen.rmse * OVERFIT_RATIO || gap <= chance) return undefined;
  return {
    kind: 'overfit',
    explanation:
      `RMSE is ${figure(seen.rmse)} on the training rows but ${figure(unseen.rmse)} on the validation rows: more than ` +
      'chance explains. The model has learnt its training rows by heart, or the two sets differ.',
    advice:
      `Use more rows or fewer features (${train.rows} rows for ${model.weights.length} features now), and check that ` +
      'the split is random.',
  };
}

function bent(model: Coefficients, train: Sample, validation: Sample): Verdict | undefined {
  const powers = powersOfPrediction(model, train);
  const curve = ordinaryLeastSquares(powers(train));
  const gains = [train, validation].map((sample) => {
    const line = evaluate(model, sample).rmse ** 2;
    return line > 0 ? 1 - evaluate(curve, powers(sample)).rmse ** 2 / line : 0;
  });
  const gain = Math.min(...gains);
  const isExact = evaluate(model, train).rmse ** 2 <= 1e-10 * evaluate(meanModel(train), train).rmse ** 2;
  if (isExact || gain < CURVE_GAIN) return undefined;
  return {
    kind: 'underfit',
    explanation:
      `A curve through the same predictions lowers the squared error by ${percent(gain)} on training and validation ` +
      'rows alike: the relation is not a straight line.',
    advice:
      'Add features that bend the line (a square, a logarithm, a product), or use a more flexible algorithm.',
  };
}

function good(model: Coefficients, train: Sample, validation: Sample): Verdict {
  const seen = evaluate(model, train);
  const unseen = evaluate(model, validation);
  const baseline = evaluate(meanModel(train), validation).rmse;
  return {
    kind: 'good',
    explanation:
      `RMSE is ${figure(seen.rmse)} on the training rows and ${figure(unseen.rmse)} on the validation rows: no gap ` +
      `beyond chance. Predicting the mean would be off by ${figure(baseline)}; no curve would do clearly better.`,
    advice: 'Nothing needs to change. More features may still lower the error.',
  };
}

/** A model that always predicts the mean of the training rows. */
function meanModel(train: Sample): Coefficients {
  return { intercept: mean(train.target), weights: train.features.map(() => 0) };
}

/** Turns a sample into one whose features are the model's prediction, its square and its cube (scaled by train). */
function powersOfPrediction(model: Coefficients, train: Sample): (sample: Sample) => Sample {
  const predictions = predict(model, train);
  const center = mean(predictions);
  const spread = Math.sqrt(mean(predictions.map((value) => (value - center) ** 2))) || 1;
  return (sample) => {
    const unit = predict(model, sample).map((value) => (value - center) / spread);
    return { ...sample, features: [1, 2, 3].map((power) => unit.map((value) => value ** power)) };
  };
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
