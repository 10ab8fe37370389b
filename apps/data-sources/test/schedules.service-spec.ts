import { syncs } from '@aimass/contracts';
import type { sources } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ended, FileServer, httpSource, newOrganization, noChange, openHome } from './sources-harness.js';
import type { SourcesHome, SourcesUnderTest } from './sources-harness.js';

const { SUCCEEDED, UNCHANGED, FAILED } = syncs.SyncState;
const { SCHEDULE } = syncs.SyncTrigger;
const organizationId = newOrganization();
let home: SourcesHome;
let under: SourcesUnderTest;
let files: FileServer;

beforeAll(async () => {
  files = await FileServer.start();
  home = await openHome();
  under = await home.start();
});
afterAll(async () => {
  await home.dispose();
  await files.stop();
});
beforeEach(() => files.serve('a\n1\n'));

async function create(rule: sources.SourceSchedule['rule']): Promise<string> {
  const request = httpSource(organizationId, files.url(), { schedule: { rule } });
  return (await under.sources.createSource(request)).source?.id ?? '';
}

const everyMinute = () => create({ $case: 'everySeconds', value: 60 });

/** Lets the turn of these sources have come so long ago. */
async function makeDue(ids: readonly string[], secondsAgo = 1): Promise<void> {
  await home.database.query(
    `UPDATE source SET next_sync_at = now() - $2 * interval '1 second' WHERE id = ANY ($1)`,
    [ids, secondsAgo],
  );
}

async function syncsOf(sourceId: string): Promise<syncs.Sync[]> {
  const page = { organizationId, sourceId, pageSize: 0, pageToken: '' };
  return (await under.syncs.listSyncs(page)).items;
}

/** The source's next turn, in seconds from now, once it lies in the future. */
function nextTurnInSeconds(source: string): Promise<number> {
  return eventually(async () => {
    const found = (await under.sources.getSource({ organizationId, source })).source;
    const seconds = (Number(found?.nextSyncAt) - Date.now()) / 1000;
    return seconds > 0 ? seconds : undefined;
  });
}

/** The source's syncs once there are so many, all of which have ended. */
function syncsOnceEnded(source: string, count: number): Promise<syncs.Sync[]> {
  return eventually(async () => {
    const items = await syncsOf(source);
    return items.length >= count && items.every(({ finishedAt }) => finishedAt) ? items : undefined;
  });
}

it('a source is read when its turn has come, by interval and by cron, and not before', async () => {
  const [waiting, byInterval, byCron] = [
    await everyMinute(),
    await everyMinute(),
    await create({ $case: 'cron', value: '*/5 * * * *' }),
  ];
  await makeDue([byInterval, byCron]);
  for (const [source, limit] of [
    [byInterval, 60],
    [byCron, 300],
  ] as const) {
    const [sync] = await syncsOnceEnded(source, 1);
    expect(sync).toMatchObject({ trigger: SCHEDULE, state: SUCCEEDED });
    expect(await nextTurnInSeconds(source)).toBeLessThanOrEqual(limit);
  }
  expect(await syncsOf(waiting)).toEqual([]);
});

it('turns that were missed while nothing ran count as one', async () => {
  const source = await everyMinute();
  await under.stop();
  await makeDue([source], 5 * 3600);
  under = await home.start();
  await syncsOnceEnded(source, 1);
  expect(await nextTurnInSeconds(source)).toBeGreaterThan(30);
  expect(await syncsOf(source)).toHaveLength(1);
});

it('of several services one takes a turn', async () => {
  const others = [await home.start(), await home.start()];
  const ids = await Promise.all(Array.from({ length: 6 }, everyMinute));
  for (let turn = 1; turn <= 2; turn++) {
    await makeDue(ids);
    for (const id of ids) expect(await syncsOnceEnded(id, turn)).toHaveLength(turn);
  }
  for (const other of others) await other.stop();
});

it('a sync under way is not overtaken: the turn passes', async () => {
  let release: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    files.answer = (_, response) => {
      release = () => response.setHeader('content-type', 'text/csv').end('a\n2\n');
      resolve();
    };
  });
  const source = await everyMinute();
  const { sync } = await under.sources.syncSource({ organizationId, requestId: '', source });
  await arrived;
  await makeDue([source]);
  expect(await nextTurnInSeconds(source)).toBeGreaterThan(50);
  expect((await syncsOf(source)).map(({ id }) => id)).toEqual([sync?.id]);
  release();
  await ended(under, organizationId, sync?.id ?? '');
});

it('a sync on request moves the next turn of an interval away', async () => {
  const source = await everyMinute();
  await home.database.query(`UPDATE source SET next_sync_at = now() + interval '20 s' WHERE id = $1`, [
    source,
  ]);
  await under.sources.syncSource({ organizationId, requestId: '', source });
  expect(await nextTurnInSeconds(source)).toBeGreaterThan(50);
});

it('the same bytes make no new version, turn after turn', async () => {
  const source = await everyMinute();
  for (const turn of [1, 2, 3]) {
    await makeDue([source]);
    await syncsOnceEnded(source, turn);
  }
  const states = (await syncsOf(source)).map(({ state }) => state);
  expect(states).toEqual([SUCCEEDED, UNCHANGED, UNCHANGED]);
});

it('after failures turns are left out, more with each, until a sync ends well', async () => {
  files.answer = (_, response) => response.writeHead(404).end();
  const source = await everyMinute();
  const pauses: number[] = [];
  for (const turn of [1, 2, 3, 4]) {
    await makeDue([source]);
    await syncsOnceEnded(source, turn);
    pauses.push(Math.round((await nextTurnInSeconds(source)) / 60));
  }
  expect(pauses).toEqual([1, 1, 2, 4]);
  expect((await under.sources.getSource({ organizationId, source })).source).toMatchObject({
    failureCount: 4,
    lastError: { code: 'data_sources.source_data_absent' },
  });
  expect((await syncsOf(source)).every(({ state }) => state === FAILED)).toBe(true);
  files.serve('a\n1\n');
  for (const turn of [5, 6]) {
    await makeDue([source]);
    await syncsOnceEnded(source, turn);
  }
  expect(Math.round((await nextTurnInSeconds(source)) / 60)).toBe(1);
  expect((await under.sources.getSource({ organizationId, source })).source?.failureCount).toBe(0);
});

it('a change of a source brings back the turns that failures had left out, and moves no other', async () => {
  const source = await everyMinute();
  const change = { ...noChange(organizationId, source), recipeJson: '{"format":"csv"}' };
  await makeDue([source], -20);
  await under.sources.updateSource(change);
  expect(await nextTurnInSeconds(source)).toBeLessThan(30);
  await makeDue([source], -3600);
  await under.sources.updateSource(change);
  expect(await nextTurnInSeconds(source)).toBeLessThanOrEqual(60);
});

it('a deleted source has no more turns', async () => {
  const source = await everyMinute();
  await under.sources.deleteSource({ organizationId, source });
  await makeDue([source]);
  // Its turn would have come before that of another one that is due later.
  const witness = await everyMinute();
  await makeDue([witness], 0);
  await syncsOnceEnded(witness, 1);
  const { rows } = await home.database.query('SELECT id FROM sync WHERE source_id = $1', [source]);
  expect(rows).toEqual([]);
});
