import { describe, expect, it } from 'vitest';
import { dueShare, grantSlice, outstanding, WHOLE } from './lease-shares.js';
import type { Holder } from './lease-shares.js';

const terms = { lifetimeMs: 10_000, graceMs: 1_000 };
/** An end is rounded up by less than this. */
const STEP_MS = terms.lifetimeMs / 16;

/** A limit with a clock of its own. */
class Limit {
  nowMs = 1_000_000;
  holders: Holder[] = [];

  ask(gatewayId: string, demand: number) {
    const slice = grantSlice(this.holders, { gatewayId, demand }, this.nowMs, terms);
    this.holders = [...this.holders.filter((holder) => holder.gatewayId !== gatewayId), slice.holder];
    return slice;
  }
}

describe('dueShare', () => {
  it('is the whole for a lone gateway, whatever it sees', () => {
    expect([dueShare(0, []), dueShare(7, [])]).toEqual([WHOLE, WHOLE]);
  });

  it('is equal without traffic, and proportional over a floor with traffic', () => {
    expect(dueShare(0, [0, 0, 0])).toBe(WHOLE / 4);
    expect(dueShare(30, [10])).toBe(725_000);
    expect(dueShare(10, [30])).toBe(275_000);
    expect(dueShare(0, [30])).toBe(50_000);
  });
});

describe('grantSlice', () => {
  it('gives a newcomer only what is free, and asks it to come back soon', () => {
    const limit = new Limit();
    expect(limit.ask('a', 10)).toMatchObject({ share: WHOLE, lifetimeMs: 10_000 });
    expect(limit.ask('b', 10)).toMatchObject({ share: 0, lifetimeMs: 2_000 });
  });

  it('shrinks the first at its renewal, and frees the difference when its larger slice has run out', () => {
    const limit = new Limit();
    limit.ask('a', 10);
    limit.ask('b', 10);
    limit.nowMs += 5_000;
    expect(limit.ask('a', 10).share).toBe(WHOLE / 2);
    limit.nowMs += 1_000;
    expect(limit.ask('b', 10).share).toBe(0);
    limit.nowMs += 5_000 + STEP_MS;
    expect(limit.ask('b', 10)).toMatchObject({ share: WHOLE / 2, lifetimeMs: 10_000 });
  });

  it('takes back the slice of a gateway that died, no sooner than its lifetime', () => {
    const limit = new Limit();
    limit.ask('dead', 10);
    limit.nowMs += 10_999;
    expect(limit.ask('b', 10).share).toBe(0);
    limit.nowMs += 1 + STEP_MS;
    expect(limit.ask('b', 10).share).toBe(WHOLE);
  });

  it('remembers few grants however often a gateway asks, and holds the largest no longer than it lasts', () => {
    const limit = new Limit();
    limit.ask('a', 1_000);
    limit.ask('b', 0);
    for (let ask = 0; ask < 2_000; ask++) {
      limit.nowMs += 10;
      const { holder } = limit.ask('a', 1_000 - ask / 4);
      limit.ask('b', ask);
      expect(holder.grants.length).toBeLessThanOrEqual(20);
    }
    expect(
      outstanding(limit.holders.find((one) => one.gatewayId === 'a') as Holder, limit.nowMs),
    ).toBeLessThan(700_000);
  });

  it('never lets slices in use add up to more than the whole: answers lost, gateways dying, demand at random', () => {
    const random = seeded(42);
    const limit = new Limit();
    /** What each gateway believes it may use: the newest answer that reached it. */
    const believed = new Map<string, { share: number; untilMs: number }>();
    let largest = 0;
    for (let step = 0; step < 20_000; step++) {
      limit.nowMs += Math.floor(random() * 800);
      const gatewayId = `g${Math.floor(random() * 4)}${random() < 0.01 ? 'x' : ''}`;
      const { share, lifetimeMs } = limit.ask(gatewayId, random() < 0.2 ? 0 : random() * 100);
      if (random() < 0.7) believed.set(gatewayId, { share, untilMs: limit.nowMs + lifetimeMs });
      const live = [...believed.values()].filter((slice) => slice.untilMs > limit.nowMs);
      const sum = live.reduce((total, slice) => total + slice.share, 0);
      largest = Math.max(largest, sum);
      expect(sum).toBeLessThanOrEqual(WHOLE);
    }
    expect(largest).toBeGreaterThan(0.95 * WHOLE);
  });
});

/** Numbers in 0..1, the same on every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
