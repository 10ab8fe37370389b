import { randomUUID } from 'node:crypto';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

let under: PlaneUnderTest;
const running: FakeReplica[] = [];

beforeAll(async () => {
  under = await startPlane({ pingMs: 100, stallMs: 300, holdMs: 2_000, sweepMs: 20 });
});
afterAll(async () => {
  await under.stop();
  for (const replica of running) replica.stop();
});

/** A model of its own behind the given replicas, all of them ready. */
async function serveOn(...replicas: FakeReplica[]): Promise<{ name: string; version: string }> {
  const version = `mv_${randomUUID()}`;
  const name = `model-${version}`;
  await under.publish({ routes: [routeTo(name, version)] });
  for (const replica of replicas) {
    running.push(replica);
    await under.beat(replica.address, { readyModelVersionIds: [version] });
    await eventually(() => linkTo(replica));
  }
  await eventually(() => (under.plane.routes.find(under.organizationId, name) ? true : undefined));
  await eventually(() => (under.plane.replicas.isReady(version) ? true : undefined));
  return { name, version };
}

/** True once the replica would be picked: the pool has its stream. */
function linkTo(replica: FakeReplica): true | undefined {
  return under.plane.replicas.usableAddresses().includes(replica.address) ? true : undefined;
}

const received = (replicas: FakeReplica[]): number =>
  replicas.reduce((sum, { received: calls }) => sum + calls.length, 0);

describe('a replica that stalls', () => {
  it('is ejected, and its calls are answered by another inside their deadline', async () => {
    const stalled = await FakeReplica.start({ behaviour: 'stuck' });
    const healthy = await FakeReplica.start();
    const { name } = await serveOn(stalled, healthy);
    const answers = await Promise.all(Array.from({ length: 20 }, () => under.infer(name)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(stalled.received.length).toBeGreaterThan(0);
    expect(healthy.received.length).toBe(20);
  });

  it('lets a call fail at its own deadline, not later', async () => {
    const stalled = await FakeReplica.start({ behaviour: 'stuck' });
    const { name } = await serveOn(stalled);
    const startedMs = performance.now();
    const response = await under.infer(name, { headers: { 'x-request-timeout-ms': '200' } });
    expect(response.status).toBe(504);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await eventually(() => (stalled.cancelled.length === 1 ? true : undefined));
  });
});

describe('a stream that breaks', () => {
  it('has its calls sent once more elsewhere', async () => {
    const replicas = [await FakeReplica.start({ behaviour: 'crash' }), await FakeReplica.start()];
    const { name } = await serveOn(...replicas);
    for (let index = 0; index < 10; index++) expect((await under.infer(name)).status).toBe(200);
    expect(replicas[0]?.received.length).toBe(1);
  });

  it('twice under the same call is the end of it: 503 with Retry-After, and no third replica is taken down', async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => FakeReplica.start({ behaviour: 'crash' })));
    const { name } = await serveOn(...replicas);
    const response = await under.infer(name);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(received(replicas)).toBe(2);
  });

  it('comes back by itself, and the calls of meanwhile are answered', async () => {
    const first = await FakeReplica.start({ behaviour: 'crash' });
    const { name } = await serveOn(first);
    const pending = under.infer(name);
    await eventually(() => (first.received.length > 0 ? true : undefined));
    const port = Number(first.address.split(':')[1]);
    running.push(await eventually(() => FakeReplica.start({ port })));
    expect((await pending).status).toBe(200);
  });
});

describe('a client that goes away', () => {
  it('has its call cancelled at the replica', async () => {
    const replica = await FakeReplica.start({ behaviour: 'keep' });
    const { name } = await serveOn(replica);
    const abort = new AbortController();
    const pending = under.infer(name, { signal: abort.signal }).catch((error: unknown) => error);
    await eventually(() => (replica.received.length === 1 ? true : undefined));
    abort.abort();
    await pending;
    await eventually(() =>
      replica.cancelled.includes(replica.received[0]?.callId ?? -1) ? true : undefined,
    );
  });
});

describe('credits', () => {
  it('are never exceeded, and the rest waits its turn', async () => {
    const replica = await FakeReplica.start({ behaviour: 'keep', credits: 3 });
    const { name } = await serveOn(replica);
    const pending = Promise.all(Array.from({ length: 10 }, () => under.infer(name)));
    await eventually(() =>
      replica.received.length === 3 && under.plane.replicas.load === 10 ? true : undefined,
    );
    expect(replica.received.length).toBe(3);
    replica.behaviour = 'answer';
    replica.release();
    expect((await pending).every(({ status }) => status === 200)).toBe(true);
    expect(Math.max(...replica.frames)).toBeLessThanOrEqual(3);
  });
});

describe('a replica that leaves', () => {
  it('gets nothing new and may finish what it has', async () => {
    const leaving = await FakeReplica.start({ behaviour: 'keep' });
    const { name, version } = await serveOn(leaving);
    const pending = under.infer(name);
    await eventually(() => (leaving.received.length === 1 ? true : undefined));
    await under.leave(await under.beat(leaving.address, { readyModelVersionIds: [version], draining: true }));
    await eventually(() => (under.plane.replicas.isReady(version) ? undefined : true));
    leaving.release();
    expect((await pending).status).toBe(200);
    expect((await under.infer(name, { headers: { 'x-request-timeout-ms': '100' } })).status).toBe(504);
    expect(leaving.received.length).toBe(1);
  });
});
