import { eventually } from '@aimass/testing';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

const authorization = 'Bearer am_good';
let under: PlaneUnderTest;
let replicas: FakeReplica[];

beforeAll(async () => {
  under = await startPlane({ maxOpenCalls: 3, maxOpenBytes: 20_000, retryFloor: 1, sweepMs: 20 });
  replicas = await Promise.all([1, 2, 3].map(() => FakeReplica.start({ behaviour: 'keep' })));
  await under.publish({ routes: [routeTo('faithful', 'mv_over')] });
  for (const { address } of replicas) await under.beat(address, { readyModelVersionIds: ['mv_over'] });
  await eventually(() => (under.plane.routes.find(under.organizationId, 'faithful') ? true : undefined));
  await eventually(() => {
    const usable = under.plane.replicas.usableAddresses();
    return replicas.every(({ address }) => usable.includes(address)) ? true : undefined;
  });
});
afterAll(async () => {
  await under.stop();
  for (const replica of replicas) replica.stop();
});

const received = (): number => replicas.reduce((sum, replica) => sum + replica.received.length, 0);

/** Sends the head of a prediction that announces a body, and none of the body. */
async function statusBeforeBody(): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  const sent = request(`${under.url}/v2/models/faithful/infer`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'content-length': 10_000 },
  });
  sent.flushHeaders();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  sent.on('error', () => undefined);
  sent.destroy();
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
}

/** Keeps calls open while `during` runs; they are answered afterwards. */
async function whileOpen(bodies: readonly string[], during: () => Promise<void>): Promise<void> {
  const pending = bodies.map((body) => under.infer('faithful', { body }));
  await eventually(() => (under.plane.replicas.load === bodies.length ? true : undefined));
  await during();
  await eventually(() => {
    for (const replica of replicas) replica.release();
    return under.plane.replicas.openCalls === 0 ? true : undefined;
  });
  expect((await Promise.all(pending)).map(({ status }) => status)).toEqual(bodies.map(() => 200));
}

describe('a gateway with more than it can do', () => {
  it('refuses predictions before it reads them, with Retry-After, and nothing else', async () => {
    await whileOpen(['{}', '{}', '{}'], async () => {
      expect(await statusBeforeBody()).toEqual({ status: 503, retryAfter: '1' });
      const refused = await under.infer('faithful');
      expect([refused.status, await refused.json()]).toEqual([503, { error: expect.any(String) as string }]);
      for (const path of ['/v2/health/live', '/v2/health/ready', '/v2/models/faithful/ready', '/v2'])
        expect((await fetch(`${under.url}${path}`, { headers: { authorization } })).status).toBe(200);
    });
    expect(under.plane.overload.shedCalls).toBe(2);
    for (const replica of replicas) replica.behaviour = 'answer';
    expect((await under.infer('faithful')).status).toBe(200);
  });

  it('bounds the memory of what is open, not only its number', async () => {
    for (const replica of replicas) replica.behaviour = 'keep';
    await whileOpen(['x'.repeat(15_000), 'x'.repeat(5_000)], async () => {
      expect((await statusBeforeBody()).status).toBe(503);
    });
  });
});

describe('retries', () => {
  it('stay within a fifth of the requests, whatever the replicas do: the failure is passed on', async () => {
    for (const replica of replicas) Object.assign(replica, { behaviour: 'unrun', unrunStatus: 404 });
    const before = received();
    const statuses: number[] = [];
    for (let index = 0; index < 200; index++) statuses.push((await under.infer('faithful')).status);
    expect(new Set(statuses)).toEqual(new Set([404]));
    expect(received() - before).toBeGreaterThan(200);
    expect(received() - before).toBeLessThanOrEqual(200 * 1.2 + 10);
  });
});
