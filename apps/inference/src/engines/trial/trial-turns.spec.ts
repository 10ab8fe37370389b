import { expect, it } from 'vitest';
import { TrialTurns } from './trial-turns.js';

const soon = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many trials run at once, first those that somebody waits for by then', async () => {
  const turns = new TrialTurns(2);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const urgent = new Set<string>();
  const enter = (name: string): Promise<void> =>
    turns.run(
      () => urgent.has(name),
      () => {
        started.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
    );
  const all = ['a', 'b', 'c', 'd', 'e'].map(enter);
  expect(started).toEqual(['a', 'b']);
  urgent.add('d');
  for (const [ended, running] of [
    ['b', 'abd'],
    ['a', 'abdc'],
    ['c', 'abdce'],
  ] as const) {
    ends.get(ended)?.();
    await soon();
    expect(started.join('')).toBe(running);
  }
  for (const end of ends.values()) end();
  await Promise.all(all);
});

it('gives the turn on when a trial fails', async () => {
  const turns = new TrialTurns(1);
  const failing = turns.run(
    () => false,
    () => Promise.reject(new Error('no')),
  );
  const next = turns.run(
    () => false,
    () => Promise.resolve('ran'),
  );
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('ran');
});
