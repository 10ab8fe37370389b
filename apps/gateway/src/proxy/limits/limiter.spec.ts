import { trafficControl } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeaseGrantor } from '../ports.js';
import type { Policy } from '../routing/compiled-routes.js';
import { Leases } from './leases.js';
import { Limiter } from './limiter.js';
import { rateFields } from './rate-headers.js';

const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
const LIFETIME_MS = 2_000;

const policy = (id: string, requests: number, windowSeconds = 1): Policy => ({
  id,
  target: trafficControl.PolicyTarget.KEY,
  targetId: 'key_1',
  requests,
  windowSeconds,
  createdAt: undefined,
});

const acquireLeases = vi.fn<LeaseGrantor['acquireLeases']>();
const grantAll: LeaseGrantor['acquireLeases'] = (request) =>
  Promise.resolve({
    leases: request.demands.map(({ policyId }) => ({ policyId, share: 1, lifetimeMs: LIFETIME_MS })),
  });
let limiter: Limiter;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  acquireLeases.mockReset().mockImplementation(grantAll);
  limiter = new Limiter(new Leases('gw_1', { acquireLeases }, quiet));
  limiter.start(200);
});

afterEach(() => {
  limiter.stop();
  vi.useRealTimers();
});

async function admit(policies: Policy[], times: number): Promise<boolean[]> {
  const verdicts = [];
  for (let index = 0; index < times; index++) verdicts.push((await limiter.admit(policies)).isAdmitted);
  return verdicts;
}

describe('Limiter', () => {
  it('fetches a slice once for requests that come together, and answers from memory after that', async () => {
    const limits = [policy('pol_1', 3)];
    const verdicts = await Promise.all(Array.from({ length: 5 }, async () => limiter.admit(limits)));
    expect(verdicts.map(({ isAdmitted }) => isAdmitted)).toEqual([true, true, true, false, false]);
    expect(acquireLeases).toHaveBeenCalledTimes(1);
    expect(limiter.admit(limits)).not.toBeInstanceOf(Promise);
  });

  it('counts a request against all limits or none', async () => {
    const wide = policy('pol_wide', 10);
    const narrow = policy('pol_narrow', 2);
    expect(await admit([wide, narrow], 5)).toEqual([true, true, false, false, false]);
    // Three refused requests cost the wide limit nothing: 8 are left of its 10.
    expect((await admit([wide], 9)).filter(Boolean)).toHaveLength(8);
  });

  it('renews at half of the lifetime while in use, and not when idle', async () => {
    await admit([policy('pol_1', 100)], 2);
    await vi.advanceTimersByTimeAsync(LIFETIME_MS / 2 - 200);
    expect(acquireLeases).toHaveBeenCalledTimes(1);
    await admit([policy('pol_1', 100)], 1);
    await vi.advanceTimersByTimeAsync(400);
    expect(acquireLeases).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(10 * LIFETIME_MS);
    expect(acquireLeases).toHaveBeenCalledTimes(2);
  });

  it('keeps the last slice while nobody grants a new one', async () => {
    const limits = [policy('pol_1', 2)];
    await admit(limits, 1);
    acquireLeases.mockRejectedValue(new DomainError('unavailable', 'service_unavailable', 'away'));
    await vi.advanceTimersByTimeAsync(5 * LIFETIME_MS);
    expect(await admit(limits, 3)).toEqual([true, true, false]);
  });

  it('does not guess a slice it never had', async () => {
    acquireLeases.mockRejectedValue(new DomainError('unavailable', 'service_unavailable', 'away'));
    await expect(limiter.admit([policy('pol_1', 2)])).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('stops limiting when the limit was lifted', async () => {
    acquireLeases.mockResolvedValue({ leases: [] });
    expect((await admit([policy('pol_1', 1)], 3)).every(Boolean)).toBe(true);
  });

  it('holds a share of the limit when others hold the rest', async () => {
    acquireLeases.mockResolvedValue({ leases: [{ policyId: 'pol_1', share: 0.3, lifetimeMs: LIFETIME_MS }] });
    expect((await admit([policy('pol_1', 10)], 10)).filter(Boolean)).toHaveLength(3);
  });
});

describe('rateFields', () => {
  it('names the limit that is closest to refusing', async () => {
    const verdict = await limiter.admit([policy('pol_wide', 10), policy('pol_narrow', 4, 2)]);
    expect(rateFields(verdict)).toEqual({
      policy: '"pol_narrow";q=4;w=2',
      state: '"pol_narrow";r=3;t=1',
      retryAfter: undefined,
    });
  });

  it('tells a refused caller to come back not earlier than t, and at least a second later', async () => {
    const limits = [policy('pol_1', 1, 10), policy('pol_2', 5)];
    await admit(limits, 1);
    const slow = rateFields(await limiter.admit(limits));
    expect(slow).toEqual({ policy: '"pol_1";q=1;w=10', state: '"pol_1";r=0;t=10', retryAfter: 10 });
    await admit([policy('pol_3', 5)], 5);
    const fast = rateFields(await limiter.admit([policy('pol_3', 5)]));
    expect(fast).toMatchObject({ state: '"pol_3";r=0;t=1', retryAfter: 1 });
  });
});
