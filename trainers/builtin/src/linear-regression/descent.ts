import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '@aimass/platform-tensorflow';
import type { StandardSample, StandardWeights } from './standardize.js';

/** Curve points per trial, half of them spread evenly and half by factors, so that the steep start shows. */
const POINTS = 100;
/** Reading a loss costs a little, so between curve points it is looked at only this often. */
const CHECK_EVERY = 10;
/** A signal must get its turn well within a second. */
const TURN_MILLISECONDS = 20;
/** A loss this many times the first one, and still rising, does not come back. */
const GROWTH_LIMIT = 10;

export interface DescentInput {
  train: StandardSample;
  validation: StandardSample | undefined;
  learningRate: number;
  epochs: number;
  initial: StandardWeights;
  /** Turns J of standard units into J of the target's units (the square of the target's spread). */
  lossScale: number;
  onPoint(point: LossPoint): void;
  onEpoch(epoch: number): void;
}

/** J after `epoch` steps, in squared units of the target. */
export interface LossPoint {
  epoch: number;
  train: number;
  validation?: number;
}

type Losses = Omit<LossPoint, 'epoch'>;

export type Descent =
  | { status: 'ok'; weights: StandardWeights; curve: LossPoint[] }
  | { status: 'diverged'; reason: string; epoch: number; curve: LossPoint[] };

/**
 * Full-batch gradient descent on J(θ) = 1/(2m)·Σ(hθ(x)−y)² with TensorFlow's gradients.
 * A descent whose loss stops being a number or grows ends as `diverged`; it never yields such weights.
 */
export async function descend(tf: Tensorflow, input: DescentInput): Promise<Descent> {
  const problem = new Problem(tf, input);
  try {
    return await steps(problem, input);
  } finally {
    problem.dispose();
  }
}

async function steps(problem: Problem, input: DescentInput): Promise<Descent> {
  const { epochs, lossScale } = input;
  const points = pointEpochs(epochs);
  const growth = new GrowthWatch();
  const curve: LossPoint[] = [];
  let turn = performance.now();
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const isPoint = points.has(epoch);
    const losses = problem.step({
      read: isPoint || epoch % CHECK_EVERY === 0,
      validate: isPoint,
      move: epoch < epochs,
    });
    if (losses !== undefined) {
      if (isPoint && Number.isFinite(losses.train)) {
        const point = scaled(epoch, losses, lossScale);
        curve.push(point);
        input.onPoint(point);
      }
      const reason = growth.check(losses.train, epoch, epoch === epochs);
      if (reason !== undefined) return { status: 'diverged', reason, epoch, curve };
    }
    if (performance.now() - turn > TURN_MILLISECONDS) {
      input.onEpoch(epoch);
      await nextTurn();
      turn = performance.now();
    }
  }
  return { status: 'ok', weights: problem.weights(), curve };
}

/** Decides that a descent cannot come back, and says why. */
class GrowthWatch {
  private first: number | undefined;
  private last = Infinity;
  private rises = 0;

  check(loss: number, epoch: number, isFinal: boolean): string | undefined {
    const advice = 'the learning rate is too high';
    if (!Number.isFinite(loss)) return `the loss is no longer a number after ${epoch} epochs: ${advice}`;
    this.first ??= loss;
    this.rises = loss > this.last ? this.rises + 1 : 0;
    this.last = loss;
    const factor = loss / this.first;
    if (factor > GROWTH_LIMIT && this.rises >= 2) {
      return `the loss grew ${factor.toPrecision(3)} times in ${epoch} epochs: ${advice}`;
    }
    if (isFinal && factor > 1.001)
      return `the loss ended ${factor.toPrecision(3)} times as high as it began: ${advice}`;
    return undefined;
  }
}

/** The tensors of one descent. */
class Problem {
  private readonly train: { x: Tensor2D; y: Tensor2D };
  private readonly validation: { x: Tensor2D; y: Tensor2D } | undefined;
  private readonly kernel;
  private readonly bias;
  private readonly optimizer;

  constructor(
    private readonly tf: Tensorflow,
    { train, validation, initial, learningRate }: DescentInput,
  ) {
    const width = initial.weights.length;
    const tensors = ({ x, y, rows }: StandardSample): { x: Tensor2D; y: Tensor2D } => ({
      x: tf.tensor2d(x, [rows, width]),
      y: tf.tensor2d(y, [rows, 1]),
    });
    this.train = tensors(train);
    this.validation = validation === undefined ? undefined : tensors(validation);
    this.kernel = tf.variable(tf.tensor2d(initial.weights, [width, 1]));
    this.bias = tf.variable(tf.scalar(initial.bias));
    this.optimizer = tf.train.sgd(learningRate);
  }

  /** J before the step, when it is to be read; then, when `move`, one step downhill. */
  step({ read, validate, move }: { read: boolean; validate: boolean; move: boolean }): Losses | undefined {
    return this.tf.tidy(() => {
      const { value, grads } = this.tf.variableGrads(() => this.loss(this.train), [this.kernel, this.bias]);
      const train = read ? first(value) : undefined;
      const validation = validate && this.validation ? first(this.loss(this.validation)) : undefined;
      if (move) this.optimizer.applyGradients(grads);
      if (train === undefined) return undefined;
      return validation === undefined ? { train } : { train, validation };
    });
  }

  weights(): StandardWeights {
    return { weights: Array.from(this.kernel.dataSync()), bias: first(this.bias) };
  }

  dispose(): void {
    const { train, validation, kernel, bias, optimizer } = this;
    for (const tensor of [train.x, train.y, validation?.x, validation?.y, kernel, bias]) tensor?.dispose();
    optimizer.dispose();
  }

  private loss({ x, y }: { x: Tensor2D; y: Tensor2D }): Scalar {
    return x.matMul(this.kernel).add(this.bias).sub(y).square().mean().div(2).asScalar();
  }
}

function pointEpochs(epochs: number): Set<number> {
  const points = new Set([0, epochs]);
  const half = POINTS / 2 - 1;
  for (let i = 1; i <= half; i++) {
    points.add(Math.round((epochs * i) / half));
    points.add(Math.round(epochs ** (i / half)));
  }
  return points;
}

function scaled(epoch: number, { train, validation }: Losses, scale: number): LossPoint {
  return {
    epoch,
    train: train * scale,
    ...(validation === undefined ? {} : { validation: validation * scale }),
  };
}

function first(tensor: Tensor): number {
  return tensor.dataSync()[0] ?? NaN;
}
