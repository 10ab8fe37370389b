import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Overload } from './overload.js';

const tuning = { maxLagMs: 100, maxOpenCalls: 3, maxOpenBytes: 1_000 };
const open = { openCalls: 0, openBytes: 0 };
const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
let clockMs: number;
let overload: Overload;

beforeEach(() => {
  clockMs = 1_000;
  Object.assign(open, { openCalls: 0, openBytes: 0 });
  log.warn.mockReset();
  overload = new Overload(tuning, open, log, () => clockMs);
  overload.start();
});
afterEach(() => overload.stop());

describe('Overload', () => {
  /** Turns of the event loop, each this long. */
  const turns = (count: number, lengthMs: number): void => {
    for (let index = 0; index < count; index++) {
      clockMs += lengthMs;
      overload.turned();
    }
  };

  it('sheds nothing in one long turn among short ones: that is a pause', () => {
    turns(50, 12);
    clockMs += 400;
    expect(overload.isShedding()).toBe(false);
    turns(1, 0);
    turns(50, 12);
    clockMs += 400;
    expect(overload.isShedding()).toBe(false);
  });

  it('sheds what comes up late in a turn while turns stay long, nothing at its start, and stops with one short turn', () => {
    turns(12, 100);
    clockMs += 109;
    expect(overload.isShedding()).toBe(false);
    clockMs += 2;
    expect(overload.isShedding()).toBe(true);
    overload.turned();
    expect([overload.isShedding(), overload.shedCalls]).toEqual([false, 1]);
    turns(1, 12);
    clockMs += 300;
    expect(overload.isShedding()).toBe(false);
  });

  it('sheds while too many predictions are open, or too much of them', () => {
    open.openCalls = 3;
    expect(overload.isShedding()).toBe(true);
    open.openCalls = 2;
    expect(overload.isShedding()).toBe(false);
    open.openBytes = 1_000;
    expect(overload.isShedding()).toBe(true);
  });

  it('says so, but not for each of them', () => {
    open.openCalls = 3;
    for (let index = 0; index < 500; index++) overload.isShedding();
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('does not take a gateway that is not started for one that is behind', () => {
    overload.stop();
    clockMs += 10_000;
    expect(overload.isShedding()).toBe(false);
  });
});
