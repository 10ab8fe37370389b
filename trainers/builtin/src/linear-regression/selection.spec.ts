import { loadTensorflow, type Tensorflow } from '@aimass/platform-tensorflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MetricLine, Progress } from '../progress.js';
import { TrainingFailure } from '../training-failure.js';
import { mulberry32 } from './random.js';
import type { Sample } from './sample.js';
import { selectLearningRate, type SelectionInput, type Trial } from './selection.js';
import { fitScaler, fold, standardize } from './standardize.js';

class RecordedProgress extends Progress {
  readonly lines: MetricLine[] = [];
  override metric(line: MetricLine): void {
    this.lines.push(line);
  }
  override info(): void {}
  override warn(): void {}
}

let tf: Tensorflow;
beforeAll(async () => {
  ({ tf } = await loadTensorflow({ log: new RecordedProgress(), prefer: 'tfjs' }));
});

/** y = 4 + 2a − 3b with a little noise. */
function plane(rows: number, seed: number): Sample {
  const random = mulberry32(seed);
  const [a, b] = [Float64Array.from({ length: rows }, random), Float64Array.from({ length: rows }, random)];
  const target = a.map((value, i) => 4 + 2 * value - 3 * (b[i] ?? 0) + 0.1 * (random() - 0.5));
  return { rows, features: [a, b], target };
}

function input(learningRates: number[], overrides: Partial<SelectionInput> = {}): SelectionInput {
  const train = plane(60, 1);
  const scaler = fitScaler(train);
  return {
    ...{ tf, scaler, learningRates, epochs: 200, seed: 7, finished: [] },
    progress: new RecordedProgress(),
    train: standardize(scaler, train),
    validation: standardize(scaler, plane(30, 2)),
    onTrial: () => Promise.resolve(),
    onFraction: () => undefined,
    ...overrides,
  };
}

describe('the selection of a learning rate', () => {
  it('takes the rate with the lowest validation loss and finds the plane', async () => {
    const request = input([0.3, 0.001]);
    const { selected, selectedOn, trials } = await selectLearningRate(request);
    expect(selectedOn).toBe('validation');
    expect(selected.learningRate).toBe(0.3);
    expect(trials.map(({ status }) => status)).toEqual(['ok', 'ok']);
    const { intercept, weights } = fold(request.scaler, selected.weights);
    [intercept, ...weights].forEach((value, i) =>
      expect(Math.abs(value - ([4, 2, -3][i] ?? 0))).toBeLessThan(0.05),
    );
  });

  it('writes at most 100 points per trial and curve, the last one at the last epoch', async () => {
    const request = input([0.1], { epochs: 5000 });
    await selectLearningRate(request);
    const { lines } = request.progress as RecordedProgress;
    const train = lines.filter(({ metric }) => metric === 'train_loss');
    expect(train.length).toBeLessThanOrEqual(100);
    expect(train.at(-1)?.epoch).toBe(5000);
    expect(lines.filter(({ metric }) => metric === 'validation_loss')).toHaveLength(train.length);
  });

  it('reports a diverging rate with its reason and goes on with the others', async () => {
    const request = input([50, 0.1]);
    const { selected, trials } = await selectLearningRate(request);
    expect(selected.learningRate).toBe(0.1);
    expect(trials[0]).toMatchObject({ learningRate: 50, status: 'diverged' });
    expect(trials[0]?.reason).toContain('too high');
    expect(trials[0]?.weights).toBeUndefined();
    const { lines } = request.progress as RecordedProgress;
    expect(lines.find(({ metric }) => metric === 'diverged')?.trial).toBe('learning_rate=50');
  });

  it('lowers all rates by ten when every one diverges', async () => {
    const { selected, trials } = await selectLearningRate(input([20, 30]));
    expect(trials.map(({ learningRate }) => learningRate)).toEqual([20, 30, 2, 3, 0.2, 0.3]);
    expect([0.2, 0.3]).toContain(selected.learningRate);
  });

  it('fails with an explanation when even the lowered rates diverge', async () => {
    const failure = selectLearningRate(input([1e9]));
    await expect(failure).rejects.toThrow(TrainingFailure);
    await expect(failure).rejects.toThrow(/diverged at every learning rate tried \(1000000000, 100000000/);
  });

  it('is the same for the same seed', async () => {
    const [first, second] = [
      await selectLearningRate(input([0.05])),
      await selectLearningRate(input([0.05])),
    ];
    expect(first.selected).toEqual(second.selected);
  });

  it('does not run the trials that a checkpoint has finished', async () => {
    const { trials } = await selectLearningRate(input([0.3, 0.1]));
    const request = input([0.3, 0.1], { finished: trials.slice(0, 1) });
    const saved: Trial[][] = [];
    await selectLearningRate({ ...request, onTrial: (done) => Promise.resolve(void saved.push(done)) });
    const { lines } = request.progress as RecordedProgress;
    expect(new Set(lines.map(({ trial }) => trial))).toEqual(new Set(['learning_rate=0.1']));
    expect(saved.map((done) => done.length)).toEqual([2]);
  });
});
