import { eventually } from '@aimass/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

let under: PlaneUnderTest;
const running: FakeReplica[] = [];

beforeAll(async () => {
  under = await startPlane({ holdMs: 150, sweepMs: 20 });
});
afterAll(async () => {
  await under.stop();
  for (const replica of running) replica.stop();
});

async function startReplica(): Promise<FakeReplica> {
  const replica = await FakeReplica.start();
  running.push(replica);
  return replica;
}

/** Makes the name lead to the version in every gateway request from now on. */
async function route(plane: PlaneUnderTest, name: string, version: string): Promise<void> {
  await plane.publish({ routes: [routeTo(name, version)] });
  await eventually(() => {
    const found = plane.plane.routes.find(plane.organizationId, name);
    return found?.variants[0]?.modelVersionId === version ? true : undefined;
  });
}

async function becomesReady(version: string, on: PlaneUnderTest = under): Promise<void> {
  await eventually(() => (on.plane.replicas.isReady(version) ? true : undefined));
}

const versionOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { model_version?: string }).model_version ?? `status ${response.status}`;

describe('a version that replaces another', () => {
  it('costs no request: 100 swaps under load, and each answer is metered for the version that gave it', async () => {
    const replica = await startReplica();
    const versions = Array.from({ length: 101 }, () => `mv_${randomUUID()}`);
    const first = versions[0]!;
    replica.versions = new Set([first]);
    await route(under, 'swapped', first);
    await under.beat(replica.address, { readyModelVersionIds: [first] });
    await becomesReady(first);
    const answered = new Map<string, string>();
    const failures: string[] = [];
    let isRunning = true;
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let index = 0; isRunning; index++) {
        const requestId = `swap-${lane}-${index}`;
        const response = await under.infer('swapped', { headers: { 'x-request-id': requestId } });
        const version = await versionOf(response);
        if (response.status === 200) answered.set(requestId, version);
        else failures.push(version);
      }
    });
    const answersOf = (version: string): number =>
      [...answered.values()].reduce((sum, one) => sum + (one === version ? 1 : 0), 0);
    for (const [index, next] of versions.slice(1).entries()) {
      const before = versions[index]!;
      await route(under, 'swapped', next);
      // The new one is still loading: the old one goes on answering.
      const soFar = answersOf(before);
      await eventually(() => (answersOf(before) >= soFar + 3 || failures.length > 0 ? true : undefined));
      replica.versions.add(next);
      await under.beat(replica.address, { readyModelVersionIds: [before, next] });
      await eventually(() => (answersOf(next) > 0 || failures.length > 0 ? true : undefined));
      replica.versions.delete(before);
      await under.beat(replica.address, { readyModelVersionIds: [next] });
    }
    isRunning = false;
    await Promise.all(lanes);
    expect(failures).toEqual([]);
    expect(new Set(answered.values())).toEqual(new Set(versions));
    const usage = await eventually(() => {
      const found = under.shipped.filter(({ requestId }) => answered.has(requestId));
      return found.length === answered.size ? found : undefined;
    });
    expect(usage.filter((one) => one.modelVersionId !== answered.get(one.requestId))).toEqual([]);
  });

  it('is waited for by who names it, and answered for by the old one for everybody else', async () => {
    const replica = await startReplica();
    const [old, next] = [`mv_${randomUUID()}`, `mv_${randomUUID()}`] as const;
    await under.beat(replica.address, { readyModelVersionIds: [old] });
    await route(under, 'named', old);
    await becomesReady(old);
    await route(under, 'named', next);
    const named = await under.infer(`named/versions/${next}`);
    expect([named.status, named.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await versionOf(await under.infer('named'))).toBe(old);
    const isReady = async (path: string): Promise<number> => {
      const headers = { authorization: 'Bearer am_good' };
      return (await fetch(`${under.url}/v2/models/${path}/ready`, { headers })).status;
    };
    expect([await isReady('named'), await isReady(`named/versions/${next}`)]).toEqual([200, 503]);
  });

  it('keeps its share of the traffic while the old one answers for it', async () => {
    const replica = await startReplica();
    const [old, next, other] = [1, 2, 3].map(() => `mv_${randomUUID()}`) as [string, string, string];
    await under.beat(replica.address, { readyModelVersionIds: [old, other] });
    const split = (main: string) => {
      const weighted = routeTo('weighted', main);
      const [variant] = weighted.variants;
      weighted.variants = [
        { ...variant!, name: 'main', weight: 80 },
        { ...variant!, name: 'other', modelVersionId: other, weight: 20 },
      ];
      return weighted;
    };
    for (const main of [old, next]) {
      await under.publish({ routes: [split(main)] });
      await eventually(() => {
        const found = under.plane.routes.find(under.organizationId, 'weighted');
        return found?.variants[0]?.modelVersionId === main ? true : undefined;
      });
    }
    await becomesReady(old);
    const answers: string[] = [];
    for (let index = 0; index < 20; index++) answers.push(await versionOf(await under.infer('weighted')));
    expect(answers.filter((version) => version === old).length).toBe(16);
    expect(answers.filter((version) => version === other).length).toBe(4);
  });

  it('goes to the new one when the old one is dropped before its heartbeat says so', async () => {
    const replica = await startReplica();
    const [old, next] = [`mv_${randomUUID()}`, `mv_${randomUUID()}`] as const;
    await under.beat(replica.address, { readyModelVersionIds: [old] });
    await route(under, 'dropped', old);
    await becomesReady(old);
    await route(under, 'dropped', next);
    const taker = await startReplica();
    replica.versions = new Set([next]);
    const pending = under.infer('dropped');
    await eventually(() => (replica.received.length === 1 ? true : undefined));
    await under.beat(taker.address, { readyModelVersionIds: [next] });
    expect(await versionOf(await pending)).toBe(next);
  });

  it('is loaded ahead when replicas load it only for a call', async () => {
    const replica = await startReplica();
    const [old, next] = [`mv_${randomUUID()}`, `mv_${randomUUID()}`] as const;
    await under.beat(replica.address, { readyModelVersionIds: [old], coldModelVersionIds: [next] });
    await route(under, 'ahead', old);
    await becomesReady(old);
    await route(under, 'ahead', next);
    for (let index = 0; index < 5; index++) expect(await versionOf(await under.infer('ahead'))).toBe(old);
    await eventually(() => (replica.loads.length > 0 ? true : undefined));
    expect(replica.loads).toEqual([next]);
  });

  it('is not replaced for ever: after a bounded time it is itself or nothing', async () => {
    const brief = await startPlane({ swapMs: 300, holdMs: 50, sweepMs: 20 });
    const replica = await startReplica();
    const [old, next] = [`mv_${randomUUID()}`, `mv_${randomUUID()}`] as const;
    await brief.beat(replica.address, { readyModelVersionIds: [old] });
    await route(brief, 'brief', old);
    await becomesReady(old, brief);
    await route(brief, 'brief', next);
    expect(await versionOf(await brief.infer('brief'))).toBe(old);
    await eventually(async () => ((await brief.infer('brief')).status === 503 ? true : undefined));
    await brief.stop();
  });
});

describe('a version that replicas load only for a call', () => {
  it('is loaded by one replica, the same for every gateway', async () => {
    const other = await startPlane({ holdMs: 150 });
    const replicas = [await startReplica(), await startReplica(), await startReplica()];
    const versions = Array.from({ length: 12 }, () => `mv_${randomUUID()}`);
    for (const { address } of replicas) await under.beat(address, { coldModelVersionIds: versions });
    for (const plane of [under, other]) {
      await plane.publish({ routes: versions.map((version) => routeTo(version, version)) });
      await eventually(() =>
        plane.plane.routes.find(plane.organizationId, versions[0]!) ? true : undefined,
      );
      await eventually(() => {
        const usable = plane.plane.replicas.usableAddresses();
        return replicas.every(({ address }) => usable.includes(address)) ? true : undefined;
      });
    }
    const calls = versions.flatMap((version) => [under, under, other, other].map((p) => p.infer(version)));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 200));
    const takers = versions.map((version) =>
      replicas.filter(({ received }) => received.some((call) => call.modelVersionId === version)),
    );
    expect(takers.map(({ length }) => length)).toEqual(versions.map(() => 1));
    expect(new Set(takers.flat()).size).toBeGreaterThan(1);
    await other.stop();
  });

  it('is asked for elsewhere when that replica refuses', async () => {
    const replicas = [await startReplica(), await startReplica()];
    const version = `mv_${randomUUID()}`;
    for (const replica of replicas) {
      await under.beat(replica.address, { coldModelVersionIds: [version] });
    }
    await route(under, 'refused', version);
    await eventually(() => {
      const usable = under.plane.replicas.usableAddresses();
      return replicas.every(({ address }) => usable.includes(address)) ? true : undefined;
    });
    expect((await under.infer('refused')).status).toBe(200);
    const loader = replicas.find(({ received }) => received.length === 1)!;
    loader.versions = new Set();
    loader.unrunStatus = 404;
    expect((await under.infer('refused')).status).toBe(200);
    expect(replicas.map(({ received }) => received.length).sort()).toEqual([1, 2]);
  });

  it('is not waited for where it is warm elsewhere', async () => {
    const [warm, cold] = [await startReplica(), await startReplica()];
    const version = `mv_${randomUUID()}`;
    await under.beat(cold.address, { coldModelVersionIds: [version] });
    await under.beat(warm.address, { readyModelVersionIds: [version] });
    await route(under, 'warm', version);
    await becomesReady(version);
    for (let index = 0; index < 10; index++) expect((await under.infer('warm')).status).toBe(200);
    expect([warm.received.length, cold.received.length]).toEqual([10, 0]);
  });
});
