import { expect, it, vi } from 'vitest';
import { ResidentModel } from './resident-model.js';

function staged() {
  let finish: (error?: Error) => void = () => undefined;
  const inner = {
    run: vi.fn(
      () => new Promise<[]>((resolve, reject) => (finish = (error) => (error ? reject(error) : resolve([])))),
    ),
    dispose: vi.fn(),
  };
  const journal = { begin: vi.fn(() => 7), end: vi.fn() };
  const model = new ResidentModel(inner, { modelVersionId: 'mv_1', journal, probation: undefined });
  return { inner, journal, model, finish: (error?: Error) => finish(error) };
}

it('notes each run from beginning to end, also one that fails', async () => {
  const { journal, model, finish } = staged();
  const running = model.run([]);
  expect(journal.begin).toHaveBeenCalledExactlyOnceWith('mv_1');
  expect(journal.end).not.toHaveBeenCalled();
  finish(new Error('no'));
  await expect(running).rejects.toThrow('no');
  expect(journal.end).toHaveBeenCalledExactlyOnceWith(7);
});

it('is freed only when the last run is over, and once', async () => {
  const { inner, model, finish } = staged();
  const running = model.run([]);
  model.dispose();
  model.dispose();
  expect(inner.dispose).not.toHaveBeenCalled();
  expect(model.isFreed).toBe(false);
  finish();
  await running;
  await model.freed;
  expect(inner.dispose).toHaveBeenCalledTimes(1);
  expect(model.isFreed).toBe(true);
});
