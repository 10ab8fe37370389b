import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bombModel, loopModel } from './hostile-models.fixture.js';
import { ONNX_LINE_SIGNATURE, onnxLineFiles } from './onnx-model.fixture.js';
import type { ModelFiles } from '../src/engines/engine.js';
import type { Signature } from '../src/tensors/signature.js';
import { Trials } from '../src/engines/trial/trials.js';
import type { TrialSubject } from '../src/engines/trial/trials.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-trials-'));
});
afterAll(() => rm(folder, { recursive: true }));

const trials = (limits: { seconds?: number; memoryBytes?: number } = {}): Trials =>
  new Trials(join(folder, 'records'), { seconds: 20, memoryBytes: 512 * 1024 ** 2, ...limits });
const subject = (
  digest: string,
  contents: ModelFiles,
  signature: Signature = ONNX_LINE_SIGNATURE,
): TrialSubject => ({
  digest,
  contents: () => Promise.resolve(contents),
  isUrgent: () => true,
  signature,
  engine: 'onnx',
  format: 'onnx',
  maxRows: 4,
  settings: { onnxThreads: 1, tensorflowBackend: 'tfjs', workFolder: folder },
});

describe('a trial', () => {
  it('passes a good model and says how long a run takes, once for all', async () => {
    const first = await trials().pass(subject('good', onnxLineFiles(2, 1)));
    expect(first.runMs).toBeGreaterThan(0);
    expect(first.runMs).toBeLessThan(50);
    const startedAt = performance.now();
    expect(await trials().pass(subject('good', onnxLineFiles(2, 1)))).toEqual(first);
    expect(performance.now() - startedAt).toBeLessThan(50);
  });

  it('tells a refusal of the engine as the engine does, and does not keep it', async () => {
    const wrong = {
      ...ONNX_LINE_SIGNATURE,
      inputs: [{ name: 'other', datatype: 'FP32', shape: [-1, 1] } as const],
    };
    const tried = trials().pass(subject('wrong', onnxLineFiles(2, 1), wrong));
    await expect(tried).rejects.toMatchObject({
      kind: 'precondition_failed',
      message: expect.stringContaining('names input "other"') as string,
    });
    expect((await readdir(join(folder, 'records'))).filter((name) => name.startsWith('wrong'))).toEqual([]);
  });

  it('ends a loop without end after its time, keeps that, and holds up nothing meanwhile', async () => {
    const { files, signature } = loopModel();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const tried = trials({ seconds: 3 }).pass(subject('loop', files, signature));
    await expect(tried).rejects.toThrow('did not load and run within 3 s');
    delay.disable();
    expect(delay.percentile(99) / 1e6).toBeLessThan(50);
    const again = trials({ seconds: 3 }).pass(subject('loop', files, signature));
    await expect(again).rejects.toThrow('did not load and run within 3 s');
  });

  it.each([
    ['more than the limit', 30_000],
    ['more than any machine has', 200_000],
  ])('ends a model that asks for %s of memory', async (_, side) => {
    const { files, signature } = bombModel(side);
    const tried = trials().pass(subject(`bomb${side}`, files, signature));
    await expect(tried).rejects.toMatchObject({
      kind: 'precondition_failed',
      message: expect.stringContaining('more than 512 MiB of memory') as string,
    });
  });

  it('leaves a good model room for Node and the engine when the budget for models is small', async () => {
    const tried = trials({ memoryBytes: 1024 ** 2 }).pass(subject('small', onnxLineFiles(5, 1)));
    expect((await tried).peakBytes).toBeLessThan(128 * 1024 ** 2);
  });

  it('runs once when the same model is asked for twice at the same time', async () => {
    const shared = trials();
    const both = [1, 2].map(() => shared.pass(subject('twice', onnxLineFiles(3, 1))));
    const [first, second] = await Promise.all(both);
    expect(first).toEqual(second);
  });

  it('leaves no folder behind', async () => {
    expect(await readdir(join(folder, 'trials'))).toEqual([]);
  });
});
