import { describe, expect, it } from 'vitest';
import { EvictionClock, UseValue } from './use-value.js';

const MINUTE = 60_000;
const used = (clock: EvictionClock, times: number, nowMs = 0): UseValue => {
  const value = new UseValue(clock, nowMs);
  for (let i = 0; i < times; i++) value.touch(nowMs);
  return value;
};

describe('the value of a version in memory', () => {
  it('grows with its use and with the cost of a load, and shrinks with its size', () => {
    const clock = new EvictionClock();
    const base = used(clock, 10).worth(100, 1_000, 0);
    expect(used(clock, 20).worth(100, 1_000, 0)).toBeGreaterThan(base);
    expect(used(clock, 10).worth(200, 1_000, 0)).toBeGreaterThan(base);
    expect(used(clock, 10).worth(100, 2_000, 0)).toBeLessThan(base);
  });

  it('rises with what was evicted meanwhile, so that recent use outweighs old popularity', () => {
    const clock = new EvictionClock();
    const old = used(clock, 100);
    clock.evicted(old.worth(100, 1_000, 0) + 1);
    expect(used(clock, 1).worth(100, 1_000, 0)).toBeGreaterThan(old.worth(100, 1_000, 0));
  });

  it('fades: half after five minutes, nearly nothing after an hour', () => {
    const value = used(new EvictionClock(), 999);
    expect(value.worth(1, 1, 0)).toBe(1000);
    expect(value.worth(1, 1, 10 * MINUTE)).toBeCloseTo(250);
    expect(value.worth(1, 1, 60 * MINUTE)).toBeLessThan(1);
  });

  it('starts anew when the version is loaded again', () => {
    const value = used(new EvictionClock(), 999);
    value.restart(0);
    expect(value.worth(1, 1, 0)).toBe(1);
  });
});
