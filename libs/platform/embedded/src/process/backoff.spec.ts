import { expect, it } from 'vitest';
import { Backoff } from './backoff.js';

it('doubles from 100 ms to 5 s and starts over after a stable run', () => {
  const backoff = new Backoff();
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => backoff.next(0))).toEqual([
    100, 200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
  expect(backoff.next(10_000)).toBe(100);
});
