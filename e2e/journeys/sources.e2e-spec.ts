import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@aimass/platform-embedded';
import type { EmbeddedPostgres } from '@aimass/platform-embedded';
import { eventually, startS3Server } from '@aimass/testing';
import type { S3Server } from '@aimass/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Api, Json } from '../support/api.js';
import { startOrigin } from '../support/origin.js';
import type { Origin } from '../support/origin.js';

const GOOD = 'x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n6,12\n7,14\n8,16\n9,18\n10,20\n';
let origin: Origin;
let api: Api;

beforeAll(async () => {
  origin = await startOrigin();
  api = await newOrganization();
});
afterAll(() => origin.stop());
beforeEach(() => origin.serve(GOOD));

/** A source of the organization, which reads the origin unless told; returns its name. */
async function newSource(fields: object = {}): Promise<string> {
  const name = `source-${randomUUID().slice(0, 8)}`;
  await must(api.post('/sources', { name, config: { http: { url: origin.url } }, ...fields }), 201);
  return name;
}

/** The sync when it has ended. */
async function ended(syncId: string): Promise<Json> {
  return eventually(async () => {
    const { body } = await must(api.get(`/syncs/${syncId}`), 200);
    return body.finishedAt === undefined ? undefined : body;
  }, 30_000);
}

async function sync(source: string): Promise<Json> {
  const { body } = await must(api.post(`/sources/${source}:sync`), 202);
  return ended(body.id as string);
}

async function keyOf(role: string): Promise<Api> {
  const key = await must(api.post('/keys', { name: `${role}-${randomUUID()}`, role }), 201);
  return api.withKey(key.body.secret as string);
}

describe('a source over HTTP', () => {
  it('feeds a dataset that can be split, version after version, and none when nothing has changed', async () => {
    const name = await newSource({ recipe: { transforms: [{ drop: ['y'] }] } });
    const check = await must(api.post(`/sources/${name}:check`), 200);
    expect(check.body).toMatchObject({ entries: [{ name: 'table.csv' }] });
    expect((await api.get(`/datasets/${name}`)).status).toBe(404);
    expect(await sync(name)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '10' });
    expect(await sync(name)).toMatchObject({ state: 'SYNC_STATE_UNCHANGED' });
    origin.serve(`${GOOD}11,22\n`);
    expect(await sync(name)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '11' });
    const versions = await must(api.get(`/datasets/${name}/versions`), 200);
    const items = versions.body.items as Json[];
    expect(items.map((version: Json) => [version.number, version.rowCount])).toEqual([
      [1, '10'],
      [2, '11'],
    ]);
    expect(items[1].columns).toMatchObject([{ name: 'x' }]);
    const ratios = { train: 0.7, validation: 0.15, test: 0.15 };
    await must(api.post(`/datasets/${name}/versions/2/splits`, { ratios, seed: 7 }), 201);
    const syncs = (await must(api.get(`/sources/${name}/syncs?pageSize=2`), 200)).body;
    expect(syncs.items).toHaveLength(2);
    const rest = (await must(api.get(`/sources/${name}/syncs?pageToken=${syncs.nextPageToken}`), 200)).body;
    expect(rest).toMatchObject({ items: [{ state: 'SYNC_STATE_SUCCEEDED' }], nextPageToken: '' });
  });

  it('says why it failed, can be cancelled, and goes on with what was changed', async () => {
    origin.answer((_, response) => response.writeHead(404).end());
    const name = await newSource();
    const failed = await sync(name);
    expect(failed).toMatchObject({
      state: 'SYNC_STATE_FAILED',
      error: { code: 'data_sources.source_data_absent' },
    });
    const seen = (await must(api.get(`/sources/${name}`), 200)).body;
    expect(seen).toMatchObject({ failureCount: 1, lastError: { code: 'data_sources.source_data_absent' } });
    const arrived = new Promise<void>((resolve) => origin.answer(() => resolve()));
    const started = await must(api.post(`/sources/${name}:sync`), 202);
    const { id } = started.body;
    expect(started.headers.get('location')).toBe(`/api/v1/syncs/${id}`);
    await arrived;
    const followed = must(api.get(`/syncs/${id}/events`), 200);
    expect((await must(api.post(`/syncs/${id}:cancel`), 200)).body.state).toBe('SYNC_STATE_CANCELLED');
    const events = (await followed).text.trim().split('\n\n');
    expect(events.at(-1)).toMatch(/^event: sync\ndata: \{.*"state":"SYNC_STATE_CANCELLED"/);
    expect((await api.get('/syncs/syn_none/events')).status).toBe(404);
    expect((await api.post(`/syncs/${id}:cancel`)).status).toBe(409);
    expect((await api.get(`/datasets/${name}`)).status).toBe(404);
    origin.serve(GOOD);
    expect((await sync(name)).state).toBe('SYNC_STATE_SUCCEEDED');
  });

  it('takes an Idempotency-Key once, and If-Match against its revision', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = { name: `keyed-${randomUUID()}`, config: { http: { url: origin.url } } };
    const first = await must(api.post('/sources', body, key), 201);
    expect((await must(api.post('/sources', body, key), 201)).body).toEqual(first.body);
    expect((await api.post('/sources', body)).status).toBe(409);
    const path = `/sources/${body.name}`;
    const started = await must(api.post(`${path}:sync`, {}, key), 202);
    expect((await must(api.post(`${path}:sync`, {}, key), 202)).body.id).toBe(started.body.id);
    const patch = (revision: string, json: unknown) =>
      api.request('PATCH', `/api/v1${path}`, { json, headers: { 'if-match': `"${revision}"` } });
    const schedule = { cron: '0 6 * * MON-FRI' };
    const changed = await must(patch(String(first.body.revision), { schedule }), 200);
    expect(changed.body).toMatchObject({ schedule, revision: 2 });
    expect(new Date(changed.body.nextSyncAt as string).getUTCHours()).toBe(6);
    expect(await patch('1', { schedule: null })).toMatchObject({
      status: 412,
      body: { code: 'data_sources.source_moved' },
    });
    expect((await patch('never', {})).status).toBe(412);
    const cleared = await must(patch('2', { schedule: null }), 200);
    expect(cleared.body.schedule).toBeUndefined();
    expect((await api.request('DELETE', `/api/v1${path}`)).status).toBe(204);
    expect((await api.get(path)).status).toBe(404);
  });
});

describe('who may what', () => {
  it('developers make and sync, viewers read, others see nothing', async () => {
    const developer = await keyOf('developer');
    const viewer = await keyOf('viewer');
    const stranger = await newOrganization();
    const body = { name: `own-${randomUUID()}`, config: { http: { url: origin.url } } };
    expect((await viewer.post('/sources', body)).status).toBe(403);
    await must(developer.post('/sources', body), 201);
    const path = `/sources/${body.name}`;
    const { id } = (await must(developer.post(`${path}:sync`), 202)).body;
    for (const verb of ['sync', 'check']) expect((await viewer.post(`${path}:${verb}`)).status).toBe(403);
    expect((await viewer.request('PATCH', `/api/v1${path}`, { json: {} })).status).toBe(403);
    expect((await viewer.request('DELETE', `/api/v1${path}`)).status).toBe(403);
    for (const read of [path, '/sources', `${path}/syncs`, `/syncs/${id}`]) {
      await must(viewer.get(read), 200);
    }
    expect((await must(stranger.get('/sources'), 200)).body.items).toEqual([]);
    for (const read of [path, `${path}/syncs`, `/syncs/${id}`]) {
      expect((await stranger.get(read)).status).toBe(404);
    }
    for (const act of [`${path}:sync`, `${path}:check`, `/syncs/${id}:cancel`]) {
      expect((await stranger.post(act)).status).toBe(404);
    }
    expect((await stranger.request('DELETE', `/api/v1${path}`)).status).toBe(404);
  });
});

describe('what cannot be a source is refused, and nothing is made', () => {
  const http = (url: string) => ({ http: { url } });
  const postgres = (fields: object) => ({
    postgres: { host: 'db.example', database: 'd', table: 't', ...fields },
  });
  it.each<[string, object, string]>([
    ['no kind', {}, 'request_invalid'],
    ['two kinds', { ...http('https://a.example/'), ...postgres({}) }, 'request_invalid'],
    ['another property', { http: { url: 'https://a.example/', method: 'POST' } }, 'request_invalid'],
    ['table and query', postgres({ query: 'SELECT 1' }), 'request_invalid'],
    ['a connection string', postgres({ options: '-c log_statement=all' }), 'request_invalid'],
    ['file:', http('file:///etc/passwd'), 'data_sources.url_refused'],
    ['gopher:', http('gopher://a.example/'), 'data_sources.url_refused'],
    ['user information', http('https://ok.example@10.0.0.1/'), 'data_sources.url_refused'],
    ['a backslash', http('http://ok.example\\@127.0.0.1/'), 'data_sources.url_refused'],
    ['a fragment', http('http://ok.example#@evil.example/'), 'data_sources.url_refused'],
    ['::1', http('http://[::1]/'), 'data_sources.blocked_address'],
    ['0.0.0.0', http('http://0.0.0.0/'), 'data_sources.blocked_address'],
    ['metadata', http('http://169.254.169.254/latest/'), 'data_sources.blocked_address'],
    ['fd00::/8', http('http://[fd00::1]/'), 'data_sources.blocked_address'],
    ['10/8', http('http://10.0.0.1/'), 'data_sources.blocked_address'],
    ['a decimal address', http('http://2130706433/'), 'data_sources.blocked_address'],
    ['a hexadecimal address', http('http://0x7f.1/'), 'data_sources.blocked_address'],
    ['an octal address', http('http://017700000001/'), 'data_sources.blocked_address'],
    ['a private server', postgres({ host: '10.0.0.1' }), 'data_sources.blocked_address'],
    ['a socket', postgres({ host: '/var/run/postgresql' }), 'data_sources.host_refused'],
    ['several hosts', postgres({ host: 'db.example,10.0.0.1' }), 'data_sources.host_refused'],
  ])('%s', async (_case, config, code) => {
    const owner = await newOrganization();
    const answer = await owner.post('/sources', { name: 'bad', config });
    expect([answer.status, answer.body.code], answer.text).toEqual([400, code]);
    expect((await owner.get('/sources')).body.items).toEqual([]);
  });

  it.each<[string, object]>([
    ['a cron of six fields', { schedule: { cron: '* * * * * *' } }],
    ['an interval below a minute', { schedule: { everySeconds: 30 } }],
    ['both at once', { schedule: { everySeconds: 60, cron: '* * * * *' } }],
    ['a recipe with an unknown step', { recipe: { transforms: [{ sql: 'DROP TABLE x' }] } }],
    ['credentials that are none', { credentials: {} }],
    ['a name that is none', { name: 'a/b' }],
  ])('%s', async (_case, fields) => {
    const body = { name: `bad-${randomUUID()}`, config: http(origin.url), ...fields };
    expect((await api.post('/sources', body)).status).toBe(400);
  });
});

describe('a source on PostgreSQL', () => {
  let server: EmbeddedPostgres;
  let folder: string;
  let config: Record<string, unknown>;
  let credentials: { user: string; secret: string };
  let client: pg.Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aimass-e2e-origin-'));
    server = await startEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      databases: ['shop'],
      durable: false,
      log: () => undefined,
    });
    const url = new URL(server.url('shop'));
    config = { host: url.hostname, port: Number(url.port), database: 'shop', sslMode: 'disable' };
    credentials = { user: url.username, secret: decodeURIComponent(url.password) };
    client = new pg.Client({ connectionString: url.toString() });
    await client.connect();
    await client.query('CREATE TABLE orders (id int, price numeric(8,2), note text)');
    await client.query(`INSERT INTO orders SELECT n, n * 1.5, 'n' || n FROM generate_series(1, 100) n`);
  });

  afterAll(async () => {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('feeds a dataset from a table and from a query, and finds what has changed', async () => {
    const table = await newSource({ config: { postgres: { ...config, table: 'orders' } }, credentials });
    const query = 'SELECT id, price FROM orders WHERE id > 90';
    const some = await newSource({ config: { postgres: { ...config, query } }, credentials });
    expect((await must(api.post(`/sources/${table}:check`), 200)).body.entries).toHaveLength(1);
    expect(await sync(table)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '100' });
    expect(await sync(some)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '10' });
    expect(await sync(table)).toMatchObject({ state: 'SYNC_STATE_UNCHANGED' });
    await client.query(`INSERT INTO orders VALUES (101, 1, 'new')`);
    expect(await sync(table)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '101' });
    const { columns } = (await must(api.get(`/datasets/${table}/versions/1`), 200)).body;
    expect(columns).toMatchObject([{ name: 'id' }, { name: 'price' }, { name: 'note' }]);
  });

  it.each([
    ['DELETE FROM orders', 400],
    ['SELECT 1; DROP TABLE orders', 400],
    [`COPY orders TO PROGRAM 'sh'`, 400],
    [`SELECT pg_read_file('/etc/passwd')`, 400],
    ['SELECT pg_sleep(600)', 400],
  ])('refuses %s', async (query, status) => {
    const body = { name: `bad-${randomUUID()}`, config: { postgres: { ...config, query } }, credentials };
    const answer = await api.post('/sources', body);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.body.code).toBe('data_sources.query_refused');
  });
});

describe('a source on S3', () => {
  const bucket = 'measurements';
  let server: S3Server;

  // Compiles the server when this machine has none.
  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket(bucket);
    await server.put(bucket, 'daily/1.csv', 'x,y\n1,2\n');
    await server.put(bucket, 'daily/2.csv', 'x,y\n3,4\n');
    await server.put(bucket, 'other.csv', 'z\n9\n');
  }, 960_000);
  afterAll(() => server.stop());

  function s3Source(fields: object, secret = server.secretKey): Promise<string> {
    const { endpoint, region } = server;
    return newSource({
      config: { s3: { endpoint, region, bucket, isPathStyle: true, ...fields } },
      credentials: { user: server.accessKey, secret },
    });
  }

  it('feeds a dataset from one object and from all below a prefix, and finds what has changed', async () => {
    const one = await s3Source({ key: 'other.csv' });
    expect(await sync(one)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '1' });
    const all = await s3Source({ prefix: 'daily/' });
    const { entries } = (await must(api.post(`/sources/${all}:check`), 200)).body;
    expect(entries).toMatchObject([{ name: 'daily/1.csv' }, { name: 'daily/2.csv' }]);
    expect(await sync(all)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '2' });
    expect(await sync(all)).toMatchObject({ state: 'SYNC_STATE_UNCHANGED' });
    await server.put(bucket, 'daily/3.csv', 'x,y\n5,6\n');
    expect(await sync(all)).toMatchObject({ state: 'SYNC_STATE_SUCCEEDED', importedRows: '3' });
  });

  it('says that its credentials are refused', async () => {
    const denied = await s3Source({ key: 'other.csv' }, 'wrong');
    expect(await sync(denied)).toMatchObject({ error: { code: 'data_sources.source_denied' } });
    expect((await api.post(`/sources/${denied}:check`)).body.code).toBe('data_sources.source_denied');
  });
});
