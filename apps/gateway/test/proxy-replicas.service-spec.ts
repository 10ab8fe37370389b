import { eventually } from '@aimass/testing';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

let under: PlaneUnderTest;
const running: FakeReplica[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  under = await startPlane({
    pingMs: 200,
    stallMs: 500,
    sweepMs: 20,
    holdMs: 5_000,
    refusingMs: 300,
    ejectMs: 400,
    rampMs: 500,
    retryFloor: 1_000,
  });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await under.stop();
  for (const replica of running) replica.stop();
});

interface Model {
  readonly name: string;
  readonly version: string;
}

/** A model of its own behind replicas at these addresses, all of them ready. */
async function serveOn(...addresses: string[]): Promise<Model> {
  const version = `mv_${randomUUID()}`;
  const name = `model-${version}`;
  await under.publish({ routes: [routeTo(name, version)] });
  for (const address of addresses) await under.beat(address, { readyModelVersionIds: [version] });
  await eventually(() => (under.plane.routes.find(under.organizationId, name) ? true : undefined));
  await eventually(() => {
    const usable = under.plane.replicas.usableAddresses();
    return addresses.every((address) => usable.includes(address)) ? true : undefined;
  });
  await eventually(() => (under.plane.replicas.isReady(version) ? true : undefined));
  return { name, version };
}

async function startReplicas(...behaviours: FakeReplica['behaviour'][]): Promise<FakeReplica[]> {
  const started = await Promise.all(
    behaviours.map((behaviour) => FakeReplica.start({ behaviour, slowMs: 150 })),
  );
  running.push(...started);
  return started;
}

const serveFakes = (replicas: readonly FakeReplica[]): Promise<Model> =>
  serveOn(...replicas.map(({ address }) => address));

/** Asks with `lanes` requests at a time until `until` says so; returns every status. */
async function askUntil(name: string, lanes: number, until: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  const lane = async (): Promise<void> => {
    while (!until()) {
      const response = await under.infer(name);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return statuses;
}

const isEjected = (version: string, { address }: { address: string }): boolean =>
  under.plane.replicas.ejectedAddresses(version).includes(address);

describe('a replica that answers with internal errors', () => {
  it('is ejected after a few of them, and returns when a probe finds it well', async () => {
    const [bad, good] = (await startReplicas('error', 'answer')) as [FakeReplica, FakeReplica];
    const { name, version } = await serveFakes([bad, good]);
    const statuses = await askUntil(name, 4, () => isEjected(version, bad));
    expect(statuses.filter((status) => status === 500).length).toBeLessThan(10);
    bad.behaviour = 'answer';
    expect(await askUntil(name, 1, () => !isEjected(version, bad))).not.toContain(500);
    const before = bad.received.length;
    await askUntil(name, 2, () => bad.received.length > before + 3);
  });

  it('is asked for nothing but one probe after each ejection while it stays bad', async () => {
    const [bad, good] = (await startReplicas('error', 'answer')) as [FakeReplica, FakeReplica];
    const { name, version } = await serveFakes([bad, good]);
    await askUntil(name, 4, () => isEjected(version, bad));
    const before = bad.received.length;
    const statuses = await askUntil(name, 4, () => bad.received.length >= before + 2);
    expect(statuses.filter((status) => status === 500).length).toBe(2);
    expect(statuses.length).toBeGreaterThan(10);
  });

  it('is used when all others are no better', async () => {
    const replicas = await startReplicas('error', 'error');
    const { name, version } = await serveFakes(replicas);
    await askUntil(name, 4, () => replicas.every(({ received }) => received.length > 20));
    expect(under.plane.replicas.ejectedAddresses(version)).toEqual([]);
  });
});

describe('a replica that refuses to run calls', () => {
  it('costs no caller an error, and is ejected', async () => {
    const [bad, good] = (await startReplicas('unrun', 'answer')) as [FakeReplica, FakeReplica];
    const { name, version } = await serveFakes([bad, good]);
    const statuses = await askUntil(name, 4, () => isEjected(version, bad));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('because all are overloaded is not asked around: 503 with Retry-After, at most 1.2 tries a request', async () => {
    const replicas = await startReplicas('unrun', 'unrun');
    const { name } = await serveFakes(replicas);
    const response = await under.infer(name);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    const statuses = await askUntil(name, 8, () => replicas.some(({ received }) => received.length > 300));
    expect(new Set(statuses)).toEqual(new Set([503]));
    const received = replicas.reduce((sum, replica) => sum + replica.received.length, 0);
    expect(received).toBeLessThanOrEqual((statuses.length + 1) * 1.2);
  });
});

describe('a replica that is much slower than the others', () => {
  it('is ejected, and the calls that wait there are answered elsewhere', async () => {
    const slow = await FakeReplica.start({ behaviour: 'slow', slowMs: 600 });
    running.push(slow);
    const [quick] = (await startReplicas('keep')) as [FakeReplica];
    const { name, version } = await serveFakes([slow, quick]);
    const startedMs = performance.now();
    const burst = Promise.all(Array.from({ length: 30 }, () => under.infer(name)));
    await eventually(() => (slow.received.length >= 10 && quick.received.length >= 10 ? true : undefined));
    quick.behaviour = 'answer';
    quick.release();
    const statuses = await askUntil(name, 4, () => isEjected(version, slow));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(new Set((await burst).map(({ status }) => status))).toEqual(new Set([200]));
    await eventually(() => (slow.cancelled.length > 0 ? true : undefined));
  });
});

describe('a slow model', () => {
  it('is not taken for a stuck process: its call is asked for once', async () => {
    const replicas = (await startReplicas('keep', 'keep')) as [FakeReplica, FakeReplica];
    const { name } = await serveFakes(replicas);
    const pending = under.infer(name);
    const taker = await eventually(() => replicas.find(({ received }) => received.length === 1));
    // Pinged three times: longer than a stuck process is waited for.
    await eventually(() => (taker.pings >= 4 ? true : undefined));
    taker.release();
    expect((await pending).status).toBe(200);
    expect(replicas.map(({ received }) => received.length).sort()).toEqual([0, 1]);
  });
});

describe('a stream that keeps breaking', () => {
  it('gets its replica ejected, and one break alone does not', async () => {
    const [bad, good] = (await startReplicas('answer', 'answer')) as [FakeReplica, FakeReplica];
    const { name } = await serveFakes([bad, good]);
    const view = () => under.plane.replicas.all().find(({ address }) => address === bad.address);
    for (const expected of [false, false, true]) {
      bad.breakStreams();
      await eventually(() => (view()?.isUsable === false ? true : undefined));
      await eventually(() => (view()?.isUsable === true ? true : undefined));
      expect(view()?.isEjected).toBe(expected);
    }
    await askUntil(name, 1, () => view()?.isEjected === false);
  });
});

describe('a process that is stopped', () => {
  async function startProcess(): Promise<{ child: ChildProcess; address: string }> {
    const here = (file: string): string => fileURLToPath(new URL(`./proxy/${file}`, import.meta.url));
    const args = ['--conditions=source', '--import', here('ts-register.mjs'), here('replica-process.ts')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, address: line.toString().trim() };
  }

  it('is ejected within 5 s, lets no request wait beyond its deadline, and is back once it goes on', async () => {
    const { child, address } = await startProcess();
    const [other] = (await startReplicas('answer')) as [FakeReplica];
    const { name } = await serveOn(address, other.address);
    const view = () => under.plane.replicas.all().find((replica) => replica.address === address);
    child.kill('SIGSTOP');
    const stoppedMs = performance.now();
    const waits: number[] = [];
    const lanes = Array.from({ length: 8 }, async () => {
      while (view()?.isEjected !== true) {
        const askedMs = performance.now();
        const headers = { 'x-request-timeout-ms': '3000' };
        const response = await under.infer(name, { headers });
        waits.push(performance.now() - askedMs);
        expect(response.status).toBe(200);
      }
    });
    await Promise.all(lanes);
    expect(performance.now() - stoppedMs).toBeLessThan(5_000);
    expect(Math.max(...waits)).toBeLessThan(3_000);
    child.kill('SIGCONT');
    await askUntil(name, 1, () => view()?.isUsable === true && !view()?.isEjected);
    expect(view()?.isEjected).toBe(false);
  });
});

describe('what operators read', () => {
  it('is every replica with its address and last heartbeat', async () => {
    const [replica] = (await startReplicas('answer')) as [FakeReplica];
    const { version } = await serveFakes([replica]);
    const view = under.plane.replicas.all().find(({ address }) => address === replica.address);
    expect(view).toMatchObject({
      id: expect.stringMatching(/^rep_/) as string,
      heartbeat: { readyModelVersionIds: [version] },
      isUsable: true,
      isEjected: false,
    });
  });
});
