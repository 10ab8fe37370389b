import { describe, expect, it } from 'vitest';
import { Gcra } from './gcra.js';

function bucket(requests: number, windowMs: number, share = 1): Gcra {
  const gcra = new Gcra(requests, windowMs);
  gcra.resize(share, 0);
  return gcra;
}

function admitted(gcra: Gcra, nowMs: number, tries: number): number {
  let passed = 0;
  for (let index = 0; index < tries; index++) {
    if (gcra.waitMs(nowMs) > 0) continue;
    gcra.take();
    passed += 1;
  }
  return passed;
}

describe('Gcra', () => {
  it.each([1, 3, 7, 10, 1000])('admits exactly %i at once and then that many per window', (requests) => {
    const gcra = bucket(requests, 1000);
    expect(admitted(gcra, 0, requests + 5)).toBe(requests);
    expect(admitted(gcra, 1000, requests + 5)).toBe(requests);
  });

  it('has no window edge: after a burst at the end of a window the next one starts empty', () => {
    const gcra = bucket(10, 1000);
    expect(admitted(gcra, 999, 20)).toBe(10);
    expect(admitted(gcra, 1001, 20)).toBe(0);
    expect(admitted(gcra, 1099, 20)).toBe(1);
  });

  it('admits one every window / requests, neither earlier nor later', () => {
    const gcra = bucket(4, 1000);
    admitted(gcra, 0, 4);
    expect(gcra.waitMs(0)).toBe(250);
    expect(admitted(gcra, 249.9, 1)).toBe(0);
    expect(admitted(gcra, 250, 2)).toBe(1);
  });

  it('never admits more than the burst plus the rate times the time, whatever the pattern', () => {
    const gcra = bucket(7, 1000);
    let passed = 0;
    for (let now = 0; now <= 60_000; now += 13) passed += admitted(gcra, now, 3);
    expect(passed).toBeLessThanOrEqual(7 + 60 * 7);
    expect(passed).toBeGreaterThanOrEqual(60 * 7 + 6);
  });

  it('holds a share of the burst and of the rate, at least one request', () => {
    const half = bucket(10, 1000, 0.5);
    expect(admitted(half, 0, 20)).toBe(5);
    expect(admitted(half, 1000, 20)).toBe(5);
    const tiny = bucket(1, 1000, 0.5);
    expect(admitted(tiny, 0, 3)).toBe(1);
    expect(tiny.waitMs(0)).toBe(2000);
  });

  it('refuses everything with a share of nothing', () => {
    const none = bucket(10, 1000, 0);
    expect(none.waitMs(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps what was used when the share changes', () => {
    const gcra = bucket(10, 1000);
    admitted(gcra, 0, 8);
    gcra.resize(0.9, 0);
    expect(gcra.remaining(0)).toBe(1);
    gcra.resize(0.5, 0);
    expect(gcra.remaining(0)).toBe(0);
  });

  it('says what is left and when all is back', () => {
    const gcra = bucket(10, 1000);
    admitted(gcra, 0, 4);
    expect(gcra.remaining(0)).toBe(6);
    expect(gcra.fullInMs(0)).toBe(400);
    expect(gcra.remaining(400)).toBe(10);
  });
});
