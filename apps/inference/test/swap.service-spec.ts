import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@aimass/platform-persistence';
import { eventually } from '@aimass/testing';
import { ExchangeClient } from './exchange-client.js';
import { ask, Surroundings } from './replica-under-test.js';
import type { Replica } from './replica-under-test.js';

const SWAPS = 100;
/** Calls that are under way at any time. */
const CALLERS = 8;

let around: Surroundings;
let replica: Replica;
let gateway: ExchangeClient;

beforeAll(async () => {
  around = await Surroundings.create();
  replica = await around.startReplica({ UNLOAD_GRACE_SECONDS: '0.5' });
  gateway = new ExchangeClient(replica.address);
});
afterAll(async () => {
  gateway.close();
  await replica.stop();
  await around.close();
});

/** Calls the version that is current when a call starts, one after the other, and counts answers by status. */
async function keepCalling(current: () => string, until: { isOver: boolean }): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  while (!until.isOver) {
    const { status } = await gateway.infer(current(), ask(1, 2), { timeoutMs: 10_000 });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return statuses;
}

it(`swaps a version ${SWAPS} times under load without a failed call, and keeps only the last in memory`, async () => {
  const ids = Array.from({ length: SWAPS + 1 }, () => newId('mv'));
  const versions = await Promise.all(ids.map((id, i) => around.lineVersion(id, i, 1)));
  const [first = ''] = ids;
  await around.route(versions.slice(0, 1));
  await around.untilReady(replica, [first]);
  // As a gateway does: calls go to the newest version that the replica has said is ready.
  let current = first;
  const stop = new AbortController();
  around.follow(stop.signal, ({ address, readyModelVersionIds: ready }) => {
    if (address === replica.address) current = ids.findLast((id) => ready.includes(id)) ?? current;
  });
  const until = { isOver: false };
  const callers = Array.from({ length: CALLERS }, () => keepCalling(() => current, until));
  for (const version of versions.slice(1)) {
    await around.route([version]);
    await eventually(() => (current === version.modelVersionId ? true : undefined));
  }
  until.isOver = true;
  const statuses = await Promise.all(callers);
  stop.abort();
  const failed = statuses.flatMap((each) => [...each].filter(([status]) => status !== 200));
  expect(failed).toEqual([]);
  const answered = statuses.reduce((sum, each) => sum + (each.get(200) ?? 0), 0);
  expect(answered).toBeGreaterThan(SWAPS);
  await around.untilReady(replica, [current]);
});
