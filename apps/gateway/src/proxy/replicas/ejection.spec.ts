import { describe, expect, it } from 'vitest';
import { Ejection } from './ejection.js';

const tuning = { ejectMs: 5_000, maxEjectMs: 60_000, forgiveMs: 60_000, rampMs: 10_000 };
const started = () => new Ejection(tuning, 0, false);

/** For how long one more ejection lasts. */
function lasts(ejection: Ejection, nowMs: number): number {
  ejection.eject(nowMs);
  let untilMs = nowMs;
  while (!ejection.isProbeDue(untilMs)) untilMs += 100;
  return untilMs - nowMs;
}

describe('Ejection', () => {
  it('lasts twice as long with each repetition, up to a bound, and starts over after good service', () => {
    const ejection = started();
    const durations = [0, 1, 2, 3, 4, 5].map((index) => lasts(ejection, index * 100_000));
    expect(durations).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    ejection.endProbe(true, 600_000);
    expect(lasts(ejection, 630_000)).toBe(60_000);
    ejection.endProbe(true, 700_000);
    expect(lasts(ejection, 760_000)).toBe(5_000);
  });

  it('ends with one probe: no second call goes before the first has come back', () => {
    const ejection = started();
    ejection.eject(0);
    expect(ejection.isProbeDue(4_999)).toBe(false);
    expect(ejection.isProbeDue(5_000)).toBe(true);
    ejection.startProbe(5_000);
    expect(ejection.isProbeDue(5_001)).toBe(false);
    ejection.endProbe(undefined, 5_100);
    expect([ejection.isOut, ejection.isProbeDue(5_100)]).toEqual([true, true]);
    ejection.startProbe(5_100);
    ejection.endProbe(false, 5_200);
    expect([ejection.isOut, ejection.isProbeDue(15_100), ejection.isProbeDue(15_200)]).toEqual([
      true,
      false,
      true,
    ]);
    ejection.endProbe(true, 16_000);
    expect(ejection.isOut).toBe(false);
  });

  it('gives the share back little by little', () => {
    const ejection = started();
    expect(ejection.share(0)).toBe(1);
    ejection.eject(0);
    ejection.endProbe(true, 5_000);
    const shares = [5_000, 7_500, 10_000, 15_000].map((nowMs) => ejection.share(nowMs));
    expect(shares).toEqual([0.1, 0.25, 0.5, 1]);
  });
});
