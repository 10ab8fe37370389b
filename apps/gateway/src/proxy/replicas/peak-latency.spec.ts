import { describe, expect, it } from 'vitest';
import { PeakLatency } from './peak-latency.js';

describe('PeakLatency', () => {
  it('takes a worse answer at its word, and comes down only as good ones follow', () => {
    const latency = new PeakLatency();
    latency.observe(5, 1_000);
    latency.observe(200, 1_010);
    expect(latency.at(1_010)).toBe(200);
    for (let nowMs = 1_020; nowMs <= 1_100; nowMs += 10) latency.observe(5, nowMs);
    expect(latency.at(1_100)).toBeGreaterThan(100);
    for (let nowMs = 1_110; nowMs <= 15_000; nowMs += 10) latency.observe(5, nowMs);
    expect(latency.at(15_000)).toBeCloseTo(5, 0);
  });

  it('forgets when nothing is asked, so that what was slow is tried again', () => {
    const latency = new PeakLatency();
    latency.observe(200, 1_000);
    expect(latency.at(3_000)).toBeCloseTo(200 / Math.E);
    expect(latency.at(20_000)).toBeLessThan(0.1);
  });

  it('knows nothing before the first answer', () => {
    expect([new PeakLatency().isKnown, new PeakLatency().at(5_000)]).toEqual([false, 0]);
  });
});
