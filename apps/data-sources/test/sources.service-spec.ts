import { randomUUID } from 'node:crypto';
import { type sources, syncs } from '@aimass/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ended,
  FileServer,
  httpSource,
  newKey,
  newOrganization,
  noChange,
  openHome,
} from './sources-harness.js';
import type { SourcesHome, SourcesUnderTest } from './sources-harness.js';

const { SUCCEEDED, UNCHANGED, FAILED, CANCELLED } = syncs.SyncState;
const organizationId = newOrganization();
const stranger = newOrganization();
const credentials = { user: 'reader', secret: 'canary-4711', sessionToken: '' };
let home: SourcesHome;
let under: SourcesUnderTest;
let files: FileServer;

beforeAll(async () => {
  files = await FileServer.start();
  home = await openHome();
  under = await home.start({ SECRETS_KEYS: newKey('k1') });
});
afterAll(async () => {
  await home.dispose();
  await files.stop();
});
beforeEach(() => files.serve('a,b\n1,x\n2,y\n'));

async function create(fields: Partial<sources.CreateSourceRequest> = {}): Promise<sources.Source> {
  const { source } = await under.sources.createSource(httpSource(organizationId, files.url(), fields));
  return source as sources.Source;
}

const http = (url: string): sources.SourceConfig => ({ config: { $case: 'http', value: { url } } });

async function start(source: string, requestId = ''): Promise<syncs.Sync> {
  const { sync } = await under.sources.syncSource({ organizationId, requestId, source });
  return sync as syncs.Sync;
}

async function run(source: string): Promise<syncs.Sync> {
  return ended(under, organizationId, (await start(source)).id);
}

async function get(source: string): Promise<sources.Source> {
  return (await under.sources.getSource({ organizationId, source })).source as sources.Source;
}

describe('CreateSource', () => {
  it('makes a source, which is found by id and name and never shows its credentials', async () => {
    const made = await create({ credentials });
    expect(made).toMatchObject({ revision: 1, lastSyncId: '', recipeJson: '{}', failureCount: 0 });
    expect(made.credentialsMask).toMatch(/^\*{4} [0-9a-f]{8}$/);
    expect(await get(made.id)).toEqual(made);
    expect(await get(made.name)).toEqual(made);
    expect(JSON.stringify(made)).not.toContain('canary');
  });

  it('answers a repeat with the same key with the same source, and refuses another request under that key', async () => {
    const request = httpSource(organizationId, files.url(), { requestId: randomUUID(), credentials });
    const first = await under.sources.createSource(request);
    expect(await under.sources.createSource(request)).toEqual(first);
    for (const other of [
      { ...request, datasetName: 'other' },
      { ...request, credentials: { ...credentials, secret: 'other' } },
    ]) {
      await expect(under.sources.createSource(other)).rejects.toMatchObject({
        code: 'idempotency_key_reused',
      });
    }
  });

  it('refuses a name that is taken, and frees it when the source is deleted', async () => {
    const { id, name } = await create();
    await expect(create({ name })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'data_sources.source_exists',
    });
    await under.sources.deleteSource({ organizationId, source: id });
    expect((await create({ name })).id).not.toBe(id);
  });

  it.each<[string, Partial<sources.CreateSourceRequest>, string]>([
    ['a name that is none', { name: 'a b' }, 'source_invalid'],
    ['an id as a name', { name: `src_${'0'.repeat(32)}` }, 'source_invalid'],
    ['a dataset name that is none', { datasetName: '../x' }, 'source_invalid'],
    ['no config', { config: undefined }, 'source_invalid'],
    ['an empty URL', { config: http('') }, 'source_invalid'],
    ['another scheme', { config: http('file:///etc/passwd') }, 'url_refused'],
    ['user information', { config: http('http://a:b@data.example/') }, 'url_refused'],
    ['a private address', { config: http('http://10.1.2.3/a.csv') }, 'blocked_address'],
    ['an odd notation', { config: http('http://2130706433/a.csv') }, 'blocked_address'],
    ['a recipe that is none', { recipeJson: '{"nope":1}' }, 'recipe_invalid'],
    ['empty credentials', { credentials: { user: '', secret: '', sessionToken: '' } }, 'source_invalid'],
    ['a session token', { credentials: { ...credentials, sessionToken: 'canary' } }, 'source_invalid'],
    ['a bad schedule', { schedule: { rule: { $case: 'cron', value: 'often' } } }, 'schedule_invalid'],
    ['a hasty schedule', { schedule: { rule: { $case: 'everySeconds', value: 59 } } }, 'schedule_invalid'],
    ['an empty schedule', { schedule: { rule: undefined } }, 'source_invalid'],
  ])('refuses %s and makes nothing', async (_case, fields, code) => {
    const before = await home.database.query('SELECT count(*) FROM source');
    const error: unknown = await create(fields).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid', code: expect.stringMatching(code) as string });
    expect(String(error)).not.toContain('canary');
    expect((await home.database.query('SELECT count(*) FROM source')).rows).toEqual(before.rows);
  });
});

describe('GetSource, ListSources', () => {
  it("know nothing of another organization's sources", async () => {
    const source = (await create()).id;
    const notFound = { kind: 'not_found', code: 'data_sources.source_not_found' };
    const asStranger = { organizationId: stranger, source };
    await expect(under.sources.getSource(asStranger)).rejects.toMatchObject(notFound);
    await expect(under.sources.checkSource(asStranger)).rejects.toMatchObject(notFound);
    await expect(under.sources.syncSource({ ...asStranger, requestId: '' })).rejects.toMatchObject(notFound);
    await expect(under.sources.updateSource(noChange(stranger, source))).rejects.toMatchObject(notFound);
    await expect(under.sources.deleteSource(asStranger)).rejects.toMatchObject(notFound);
    const page = { organizationId: stranger, pageSize: 0, pageToken: '' };
    expect((await under.sources.listSources(page)).items).toEqual([]);
  });

  it('page through the sources, oldest first', async () => {
    const owner = newOrganization();
    const made: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { source } = await under.sources.createSource(httpSource(owner, files.url()));
      made.push(source?.id ?? '');
    }
    const first = await under.sources.listSources({ organizationId: owner, pageSize: 2, pageToken: '' });
    const pageToken = first.nextPageToken;
    const second = await under.sources.listSources({ organizationId: owner, pageSize: 2, pageToken });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made);
    expect(second.nextPageToken).toBe('');
  });
});

describe('UpdateSource', () => {
  it('changes what is given, keeps the rest, and refuses who has seen another revision', async () => {
    const { id } = await create({ credentials });
    const schedule: sources.SourceSchedule = { rule: { $case: 'everySeconds', value: 3600 } };
    const change = { ...noChange(organizationId, id), expectedRevision: 1, schedule };
    const { source: changed } = await under.sources.updateSource(change);
    expect(changed).toMatchObject({ revision: 2, schedule });
    expect(Number(changed?.nextSyncAt) - Date.now()).toBeGreaterThan(3_590_000);
    expect(changed?.credentialsMask).not.toBe('');
    await expect(under.sources.updateSource(change)).rejects.toMatchObject({
      kind: 'precondition_failed',
      code: 'data_sources.source_moved',
    });
    const cleared = { ...noChange(organizationId, id), clearSchedule: true, clearCredentials: true };
    expect((await under.sources.updateSource(cleared)).source).toMatchObject({
      revision: 3,
      schedule: undefined,
      nextSyncAt: undefined,
      credentialsMask: '',
    });
  });

  it('lets one of two who have seen the same revision through', async () => {
    const { id } = await create();
    const change = { ...noChange(organizationId, id), expectedRevision: 1, recipeJson: '{"format":"csv"}' };
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => under.sources.updateSource(change)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await get(id)).revision).toBe(2);
  });

  it('refuses another kind, a blocked address, and to give and take at once', async () => {
    const { id } = await create();
    const update = (fields: Partial<sources.UpdateSourceRequest>) =>
      under.sources.updateSource({ ...noChange(organizationId, id), ...fields });
    const value = { endpoint: '', region: 'eu-central-1', bucket: 'b', isPathStyle: false };
    const selection = { $case: 'key', value: 'a' } as const;
    await expect(
      update({ config: { config: { $case: 's3', value: { ...value, selection } } } }),
    ).rejects.toMatchObject({ code: 'data_sources.source_kind_fixed' });
    await expect(update({ config: http('http://[::1]/') })).rejects.toMatchObject({
      code: 'data_sources.blocked_address',
    });
    await expect(update({ credentials, clearCredentials: true })).rejects.toMatchObject({
      code: 'data_sources.source_invalid',
    });
  });
});

describe('CheckSource', () => {
  it('says what a sync would read, with the credentials, and makes neither sync nor dataset', async () => {
    const { id, name } = await create({ credentials });
    const { entries, hasMore } = await under.sources.checkSource({ organizationId, source: id });
    expect(entries).toMatchObject([{ name: 'table.csv' }]);
    expect(hasMore).toBe(false);
    const basic = Buffer.from('reader:canary-4711').toString('base64');
    expect(files.requests.at(-1)?.headers.authorization).toBe(`Basic ${basic}`);
    expect((await get(id)).lastSyncId).toBe('');
    await expect(under.datasets.getDataset({ organizationId, dataset: name })).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  it('says why a source cannot be read', async () => {
    files.answer = (_, response) => response.writeHead(403).end();
    const { id } = await create({ credentials });
    await expect(under.sources.checkSource({ organizationId, source: id })).rejects.toMatchObject({
      code: 'data_sources.source_denied',
    });
  });
});

describe('SyncSource', () => {
  it('makes the dataset and its versions, and none when the bytes are the same', async () => {
    const { id, name } = await create({ recipeJson: '{"transforms":[{"select":["a"]}]}' });
    const first = await run(id);
    expect(first).toMatchObject({ state: SUCCEEDED, sourceId: id, datasetName: name, importedRows: '2' });
    const second = await run(id);
    expect(second).toMatchObject({ state: UNCHANGED, datasetVersionId: first.datasetVersionId });
    files.serve('a,b\n1,x\n2,y\n3,z\n');
    expect(await run(id)).toMatchObject({ state: SUCCEEDED, importedRows: '3' });
    const versions = { organizationId, dataset: name, pageSize: 0, pageToken: '' };
    const { items } = await under.datasets.listDatasetVersions(versions);
    expect(items.map(({ number, rowCount }) => [number, rowCount])).toEqual([
      [1, '2'],
      [2, '3'],
    ]);
    expect(items[0]?.columns.map((column) => column.name)).toEqual(['a']);
    expect(items[0]?.id).toBe(first.datasetVersionId);
    const listed = await under.syncs.listSyncs({ organizationId, sourceId: id, pageSize: 0, pageToken: '' });
    expect(listed.items.map(({ state }) => state)).toEqual([SUCCEEDED, UNCHANGED, SUCCEEDED]);
    expect((await get(id)).lastSyncId).toBe(listed.items[2]?.id);
  });

  it('lets the server say that nothing has changed, but not after the source has', async () => {
    const { id } = await create();
    files.serve('a\n1\n', '"v1"');
    expect((await run(id)).state).toBe(SUCCEEDED);
    const seen = files.requests.length;
    expect(await run(id)).toMatchObject({ state: UNCHANGED, fetchedBytes: '0' });
    expect(files.requests[seen]?.headers['if-none-match']).toBe('"v1"');
    const recipeJson = '{"columns":[{"name":"a","type":"text"}]}';
    await under.sources.updateSource({ ...noChange(organizationId, id), recipeJson });
    expect((await run(id)).state).toBe(SUCCEEDED);
    expect(files.requests.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('returns the sync that is under way, and the same one for the same key', async () => {
    let release: () => void = () => undefined;
    files.answer = (_, response) =>
      (release = () => response.setHeader('content-type', 'text/csv').end('a\n1\n'));
    const { id } = await create();
    const key = randomUUID();
    const first = await start(id, key);
    expect((await start(id)).id).toBe(first.id);
    const many = await Promise.all([1, 2, 3, 4].map(() => start(id)));
    expect(new Set(many.map((sync) => sync.id))).toEqual(new Set([first.id]));
    await expect.poll(() => files.requests.length).toBeGreaterThan(0);
    release();
    await ended(under, organizationId, first.id);
    expect((await start(id, key)).id).toBe(first.id);
    files.serve('a\n2\n');
    const next = await start(id);
    expect(next.id).not.toBe(first.id);
    // Else it would ask the next test's server.
    await ended(under, organizationId, next.id);
  });

  it('can be followed from its start to its end', async () => {
    const { QUEUED, FETCHING, IMPORTING } = syncs.SyncState;
    let release: (() => void) | undefined;
    files.answer = (_, response) => {
      release = () => response.setHeader('content-type', 'text/csv').end('a\n1\n');
    };
    const { id: syncId } = await start((await create()).id);
    const states: syncs.SyncState[] = [];
    for await (const { sync } of under.syncs.watchSync({ organizationId, syncId })) {
      if (sync?.state === FETCHING && !states.includes(FETCHING)) {
        await expect.poll(() => release).toBeDefined();
        release?.();
      }
      states.push(sync?.state ?? FAILED);
    }
    expect(states.at(-1)).toBe(SUCCEEDED);
    const inOrder = [QUEUED, FETCHING, IMPORTING, SUCCEEDED].filter((state) => states.includes(state));
    expect([...new Set(states)]).toEqual(inOrder);
    const unknown = under.syncs.watchSync({ organizationId: stranger, syncId });
    await expect(unknown[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('says on the source why it failed and how often, until it ends well', async () => {
    const { id, name } = await create({ credentials });
    files.answer = (_, response) => response.writeHead(401).end();
    for (const failureCount of [1, 2]) {
      expect(await run(id)).toMatchObject({ state: FAILED, error: { code: 'data_sources.source_denied' } });
      expect(await get(id)).toMatchObject({
        failureCount,
        lastError: { code: 'data_sources.source_denied' },
      });
    }
    await expect(under.datasets.getDataset({ organizationId, dataset: name })).rejects.toMatchObject({
      kind: 'not_found',
    });
    files.serve('a\n1\n');
    expect((await run(id)).state).toBe(SUCCEEDED);
    expect(await get(id)).toMatchObject({ failureCount: 0, lastError: undefined });
  });
});

describe('CancelSync, DeleteSource', () => {
  const hang = (): void => {
    files.answer = (_, response) => response.writeHead(200, { 'content-type': 'text/csv' }).write('a\n1\n');
  };

  it('end a sync under way, which leaves no dataset behind', async () => {
    hang();
    const cancelled = await create();
    const { id: syncId } = await start(cancelled.id);
    expect((await under.syncs.cancelSync({ organizationId, syncId })).sync).toMatchObject({
      state: CANCELLED,
    });
    const deleted = await create({ credentials });
    const open = await start(deleted.id);
    await under.sources.deleteSource({ organizationId, source: deleted.id });
    expect(await ended(under, organizationId, open.id)).toMatchObject({ state: CANCELLED });
    for (const { name } of [cancelled, deleted]) {
      await expect(under.datasets.getDataset({ organizationId, dataset: name })).rejects.toMatchObject({
        kind: 'not_found',
      });
    }
  });

  it('keep datasets and syncs of a deleted source, and nothing of its credentials', async () => {
    const { id, name } = await create({ credentials });
    const sync = await run(id);
    await under.sources.deleteSource({ organizationId, source: name });
    await expect(get(id)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await under.datasets.getDataset({ organizationId, dataset: name })).dataset?.latestVersion).toBe(
      1,
    );
    expect((await under.syncs.getSync({ organizationId, syncId: sync.id })).sync?.sourceId).toBe(id);
    const { rows } = await home.database.query('SELECT credentials FROM source WHERE id = $1', [id]);
    expect(rows).toEqual([{ credentials: null }]);
  });
});
