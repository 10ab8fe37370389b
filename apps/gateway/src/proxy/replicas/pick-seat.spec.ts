import { inference } from '@aimass/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { Outliers } from './outliers.js';
import { hasUsable, pickSeat } from './pick-seat.js';
import type { ReplicaLink } from './replica-link.js';
import { Replica } from './replica.js';
import type { Seat } from './replica.js';

const tuning = { ejectMs: 5_000, maxEjectMs: 60_000, forgiveMs: 60_000, rampMs: 10_000 };
/** Long after the replicas arrived, so that all have their full share. */
let nowMs: number;

interface FakeLink {
  isUsable: boolean;
  load: number;
  silentMs: () => number;
}

function seatOn(id: string): Seat & { link: FakeLink } {
  const link: FakeLink = { isUsable: true, load: 0, silentMs: () => 0 };
  const heartbeat = inference.ReplicaHeartbeat.fromPartial({ readyModelVersionIds: ['mv_1'] });
  const replica = new Replica(id, link as unknown as ReplicaLink, heartbeat, tuning);
  replica.seenMs = nowMs;
  return Object.assign(replica.seat('mv_1'), { link });
}

/** How often each of the seats is picked out of 1,000. */
function picks(seats: readonly Seat[], atMs = nowMs): number[] {
  const counts = new Map<Seat | undefined, number>();
  const rules = { nowMs: atMs, lateMs: 1e9, avoid: undefined, skipsRefusing: false };
  for (let index = 0; index < 1_000; index++) {
    const seat = pickSeat(seats, rules);
    counts.set(seat, (counts.get(seat) ?? 0) + 1);
  }
  return seats.map((seat) => counts.get(seat) ?? 0);
}

beforeEach(() => {
  nowMs = performance.now() + 100_000;
});

describe('the choice of a replica', () => {
  it('is the one with fewer calls in flight, and an even one among equals', () => {
    const [a, b] = [seatOn('a'), seatOn('b')];
    const even = picks([a, b]);
    expect(Math.min(...even)).toBeGreaterThan(400);
    a.link.load = 3;
    expect(picks([a, b])).toEqual([0, 1_000]);
  });

  it('weighs calls in flight with how long answers take there lately', () => {
    const [slow, quick] = [seatOn('a'), seatOn('b')];
    slow.succeeded(50, nowMs);
    quick.succeeded(5, nowMs);
    quick.link.load = 8;
    expect(picks([slow, quick])).toEqual([0, 1_000]);
    quick.link.load = 12;
    expect(picks([slow, quick])).toEqual([1_000, 0]);
  });

  it('counts silence with calls unanswered as slowness', () => {
    const [silent, quick] = [seatOn('a'), seatOn('b')];
    for (const seat of [silent, quick]) seat.succeeded(5, nowMs);
    silent.link.silentMs = () => 400;
    quick.link.load = 10;
    expect(picks([silent, quick])).toEqual([0, 1_000]);
  });

  it('prefers one that did not just refuse a call, and leaves it out altogether when asked to', () => {
    const [refusing, busy] = [seatOn('a'), seatOn('b')];
    refusing.refused(nowMs);
    busy.link.load = 100;
    expect(picks([refusing, busy])).toEqual([0, 1_000]);
    busy.refused(nowMs);
    const rules = { nowMs, lateMs: 1e9, avoid: undefined, skipsRefusing: true };
    expect(pickSeat([refusing, busy], rules)).toBeUndefined();
    expect(pickSeat([refusing, busy], { ...rules, nowMs: nowMs + 1_000 })).toBeDefined();
  });

  it('brings in a new replica gently, also when it has nothing to do', () => {
    const [present, fresh] = [seatOn('a'), seatOn('b')];
    present.link.load = 50;
    fresh.replica.ejection.startGently(nowMs);
    const shares = [0, 5_000, 10_000].map((passedMs) => picks([present, fresh], nowMs + passedMs)[1] ?? 0);
    expect(shares[0]).toBeGreaterThan(30);
    expect(shares[0]).toBeLessThan(200);
    expect(shares[1]).toBeGreaterThan(350);
    expect(shares[1]).toBeLessThan(650);
    expect(shares[2]).toBe(1_000);
  });

  it('does not hold back replicas that are all new', () => {
    const seats = [seatOn('a'), seatOn('b')];
    for (const { replica } of seats) replica.ejection.startGently(nowMs);
    expect(Math.min(...picks(seats))).toBeGreaterThan(400);
  });

  it('takes one whose heartbeat is late only when there is no other', () => {
    const [late, punctual] = [seatOn('a'), seatOn('b')];
    late.replica.seenMs = nowMs - 10_000;
    punctual.link.load = 50;
    const rules = { nowMs, lateMs: 5_000, avoid: undefined, skipsRefusing: false };
    for (let index = 0; index < 50; index++) expect(pickSeat([late, punctual], rules)).toBe(punctual);
    punctual.link.isUsable = false;
    expect(pickSeat([late, punctual], rules)).toBe(late);
    late.link.isUsable = false;
    expect([pickSeat([late, punctual], rules), hasUsable([late, punctual])]).toEqual([undefined, false]);
  });

  it('passes over an ejected one, probes it once when its time is over, and uses all when most are ejected', () => {
    const [a, b] = [seatOn('a'), seatOn('b')];
    const seats = [a, b, seatOn('c')];
    a.ejection.eject(nowMs);
    expect(picks(seats)[0]).toBe(0);
    const dueMs = nowMs + 5_000;
    const rules = { nowMs: dueMs, lateMs: 1e9, avoid: undefined, skipsRefusing: false };
    expect(pickSeat(seats, rules)).toBe(a);
    a.ejection.startProbe(dueMs);
    expect(picks(seats, dueMs)[0]).toBe(0);
    a.ejection.endProbe(false, dueMs);
    b.ejection.eject(dueMs);
    for (const count of picks(seats, dueMs)) expect(count).toBeGreaterThan(200);
  });
});

describe('an outlier', () => {
  function judged(count: number) {
    const seats = Array.from({ length: count }, (_, index) => seatOn(`r${index}`));
    const reasons: string[] = [];
    const outliers = new Outliers(1_000, {
      seatsOf: () => seats,
      ejected: (_seat, reason) => void reasons.push(reason),
    });
    const out = () => seats.map(({ isOut }) => isOut);
    return { seats, outliers, reasons, out, first: seats[0] as Seat };
  }

  it('is what takes a multiple of the time of the others for the same version, and not after a single pause', () => {
    const { seats, outliers, out, first } = judged(3);
    for (let index = 0; index < 40; index++)
      for (const seat of seats) outliers.succeeded(seat, 10, (nowMs += 5));
    for (let index = 0; index < 3; index++) outliers.succeeded(first, 150, (nowMs += 300));
    expect(out()).toEqual([false, false, false]);
    for (let index = 0; index < 60; index++) {
      outliers.succeeded(first, 100, (nowMs += 20));
      for (const seat of seats.slice(1)) outliers.succeeded(seat, 10, nowMs);
    }
    expect(out()).toEqual([true, false, false]);
  });

  it('is not a model that is slow everywhere', () => {
    const { seats, outliers, out } = judged(2);
    for (let index = 0; index < 50; index++)
      for (const seat of seats) outliers.succeeded(seat, 3_000 + index, (nowMs += 100));
    expect(out()).toEqual([false, false]);
  });

  it('is what answers with internal errors, five in a row or half of them', () => {
    const inARow = judged(2);
    for (let index = 0; index < 5; index++) inARow.outliers.failed(inARow.first, (nowMs += 1));
    expect(inARow.out()).toEqual([true, false]);
    const half = judged(2);
    for (let index = 0; index < 6; index++) {
      half.outliers.failed(half.first, (nowMs += 1));
      half.outliers.succeeded(half.first, 1, (nowMs += 1));
    }
    expect(half.out()).toEqual([true, false]);
  });

  it('is what refuses everything for a while, and not what answers in between', () => {
    const { outliers, out, first, reasons } = judged(2);
    for (let index = 0; index < 100; index++) outliers.refused(first, (nowMs += 5));
    expect(out()).toEqual([false, false]);
    outliers.succeeded(first, 1, (nowMs += 5));
    for (let index = 0; index < 100; index++) outliers.refused(first, (nowMs += 9));
    expect(out()).toEqual([false, false]);
    for (let index = 0; index < 100; index++) outliers.refused(first, (nowMs += 9));
    expect([out(), reasons]).toEqual([[true, false], ['it refuses every call']]);
  });

  it('is never more than half of the replicas, and none when all are bad', () => {
    const { seats, outliers, out } = judged(4);
    const fail = (seat: Seat): void => {
      for (let index = 0; index < 5; index++) outliers.failed(seat, (nowMs += 1));
    };
    seats.slice(0, 3).forEach(fail);
    expect(out()).toEqual([true, true, false, false]);
    fail(seats[3] as Seat);
    expect(out()).toEqual([false, false, false, false]);
  });
});
