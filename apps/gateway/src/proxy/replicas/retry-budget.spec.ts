import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

const takeAll = (budget: RetryBudget, nowMs: number): number => {
  let taken = 0;
  while (budget.take(nowMs)) taken += 1;
  return taken;
};

describe('RetryBudget', () => {
  it('allows a fifth of the requests of the last 10 s', () => {
    const budget = new RetryBudget({ retryShare: 0.2, retryFloor: 3 });
    for (let index = 0; index < 1_000; index++) budget.countRequest(50_000 + index * 9);
    expect(takeAll(budget, 59_000)).toBe(200);
    expect(takeAll(budget, 59_900)).toBe(0);
  });

  it('lets low traffic retry, 3 times a second', () => {
    const budget = new RetryBudget({ retryShare: 0.2, retryFloor: 3 });
    budget.countRequest(1_000);
    expect(takeAll(budget, 1_000)).toBe(30);
  });

  it('forgets requests and retries after 10 s, also over a long silence', () => {
    const budget = new RetryBudget({ retryShare: 0.2, retryFloor: 0 });
    for (let index = 0; index < 100; index++) budget.countRequest(5_000);
    expect(takeAll(budget, 14_900)).toBe(20);
    for (let index = 0; index < 10; index++) budget.countRequest(15_100);
    expect(takeAll(budget, 15_100)).toBe(0);
    for (let index = 0; index < 10; index++) budget.countRequest(900_000);
    expect(takeAll(budget, 900_000)).toBe(2);
  });
});
