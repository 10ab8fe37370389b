import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dataSources, sources, syncs } from '@aimass/contracts';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { createTestDatabase, eventually, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';
import { repeated, startHttpServer, stream } from './http-server.js';
import type { TestHttpServer } from './http-server.js';

const MiB = 1024 * 1024;
const organizationId = `org_${randomUUID()}`;
const SECRET = 'hunter2-of-http-sources';
const ENDED = [
  syncs.SyncState.SUCCEEDED,
  syncs.SyncState.UNCHANGED,
  syncs.SyncState.FAILED,
  syncs.SyncState.CANCELLED,
];

/** Answers of the server, by path. */
const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => unknown>();
let server: TestHttpServer;
let canary: TestHttpServer;
let home: string;
let service: ServiceUnderTest<typeof sources.SourcesServiceService>;
let syncsClient: GrpcClient<typeof syncs.SyncsServiceService>;
let datasetsClient: GrpcClient<typeof dataSources.DataSourcesServiceService>;

beforeAll(async () => {
  server = await startHttpServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  canary = await startHttpServer();
  home = await mkdtemp(join(tmpdir(), 'aimass-http-sources-'));
  const DATABASE_URL = await createTestDatabase();
  service = await startServiceUnderTest(
    sources.SourcesServiceService,
    (GRPC_PORT) => AppModule.with(configSchema.parse({ GRPC_PORT, DATABASE_URL, ...settings() })),
    [syncs.SyncsServiceService, dataSources.DataSourcesServiceService],
  );
  const peer = { address: service.address, name: 'service under test' };
  syncsClient = grpcClient(syncs.SyncsServiceService, peer);
  datasetsClient = grpcClient(dataSources.DataSourcesServiceService, peer);
});

afterAll(async () => {
  syncsClient.close();
  datasetsClient.close();
  await service.stop();
  await Promise.all([server.close(), canary.close()]);
  await rm(home, { recursive: true, force: true });
});

afterEach(async () => {
  // However a sync ended, it took its files with it.
  const folder = join(home, 'tmp', 'data-sources');
  await eventually(async () =>
    (existsSync(folder) ? await readdir(folder) : []).length === 0 ? true : undefined,
  );
});

function settings() {
  return {
    LOG_LEVEL: 'silent',
    NATS_URL: testNatsUrl(),
    BLOB_DIR: join(home, 'blobs'),
    HOME_DIR: home,
    SECRETS_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
    // The server of this test, and nothing else on this machine.
    EGRESS_ALLOW: `127.0.0.1:${server.port}`,
    FETCH_LIMIT_BYTES: 256 * MiB,
    FETCH_PATIENCE_SECONDS: 2,
    FETCH_MINIMUM_BYTES_PER_SECOND: 1024,
    TABLE_MEMORY_MB: 512,
  };
}

function createSource(url: string, credentials?: sources.SourceCredentials) {
  const name = `s-${randomUUID()}`;
  return service.client.createSource({
    organizationId,
    requestId: '',
    name,
    datasetName: name,
    config: { config: { $case: 'http', value: { url } } },
    credentials,
    recipeJson: '',
    schedule: undefined,
  });
}

async function made(path: string, credentials?: sources.SourceCredentials): Promise<sources.Source> {
  const { source } = await createSource(`${server.origin}${path}`, credentials);
  if (!source) throw new Error('no source in the response');
  return source;
}

async function startSync({ id }: sources.Source): Promise<string> {
  const { sync } = await service.client.syncSource({ organizationId, requestId: '', source: id });
  return sync?.id ?? '';
}

function ended(syncId: string): Promise<syncs.Sync> {
  return eventually(async () => {
    const { sync } = await syncsClient.getSync({ organizationId, syncId });
    return sync && ENDED.includes(sync.state) ? sync : undefined;
  }, 20_000);
}

async function synced(source: sources.Source): Promise<syncs.Sync> {
  return ended(await startSync(source));
}

async function expectNoDataset({ datasetName }: sources.Source): Promise<void> {
  await expect(datasetsClient.getDataset({ organizationId, dataset: datasetName })).rejects.toMatchObject({
    kind: 'not_found',
  });
}

describe('a source behind HTTP', () => {
  it('becomes a version, and no second one as long as it brings the same', async () => {
    const content = { tag: '"1"', text: 'a,b\n1,2\n3,4\n' };
    answers.set('/table.csv', (request, response) => {
      const isKnown = request.headers['if-none-match'] === content.tag;
      response.writeHead(isKnown ? 304 : 200, { etag: content.tag });
      response.end(isKnown ? undefined : content.text);
    });
    const source = await made('/table.csv');
    const first = await synced(source);
    expect(first).toMatchObject({ state: syncs.SyncState.SUCCEEDED, fetchedBytes: '12' });
    const second = await synced(source);
    expect(second).toMatchObject({
      state: syncs.SyncState.UNCHANGED,
      datasetVersionId: first.datasetVersionId,
      fetchedBytes: '0',
    });
    // Another tag for the same bytes is no other data.
    content.tag = '"2"';
    expect(await synced(source)).toMatchObject({
      state: syncs.SyncState.UNCHANGED,
      datasetVersionId: first.datasetVersionId,
    });
    Object.assign(content, { tag: '"3"', text: 'a,b\n5,6\n' });
    const third = await synced(source);
    expect(third.state).toBe(syncs.SyncState.SUCCEEDED);
    const request = { organizationId, dataset: source.datasetName, number: 2, versionId: '' };
    const { version } = await datasetsClient.getDatasetVersion(request);
    expect(version).toMatchObject({ id: third.datasetVersionId, rowCount: '1' });
  });

  it('says what it would read, and changes nothing', async () => {
    answers.set('/listed.csv', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-length': 4 }).end('a\n1\n');
    });
    const source = await made('/listed.csv');
    const { entries } = await service.client.checkSource({ organizationId, source: source.id });
    expect(entries).toEqual([{ name: 'listed.csv', sizeBytes: '4', mediaType: 'text/csv' }]);
    await expectNoDataset(source);
  });

  it('is read with its credentials, which no answer shows', async () => {
    answers.set('/secret.csv', (request, response) => {
      if (request.headers.authorization === `Bearer ${SECRET}`) response.end('a\n1\n');
      else response.writeHead(401).end();
    });
    const source = await made('/secret.csv', { user: '', secret: SECRET, sessionToken: '' });
    expect(await synced(source)).toMatchObject({ state: syncs.SyncState.SUCCEEDED });
    const wrong = await made('/secret.csv', { user: '', secret: `${SECRET}-wrong`, sessionToken: '' });
    const failed = await synced(wrong);
    expect(failed).toMatchObject({ error: { code: 'data_sources.source_denied' } });
    const shown = await service.client.listSources({ organizationId, pageSize: 200, pageToken: '' });
    expect(JSON.stringify([source, wrong, failed, shown])).not.toContain(SECRET);
  });
});

describe('the credentials of a source', () => {
  const credentials = { user: '', secret: SECRET, sessionToken: '' };
  const change = (source: sources.Source, fields: Partial<sources.UpdateSourceRequest>) =>
    service.client.updateSource({
      organizationId,
      source: source.id,
      expectedRevision: 0,
      config: undefined,
      credentials: undefined,
      clearCredentials: false,
      recipeJson: undefined,
      schedule: undefined,
      clearSchedule: false,
      ...fields,
    });
  const http = (url: string): sources.SourceConfig => ({ config: { $case: 'http', value: { url } } });

  it('go in a header of their own where the server wants them so', async () => {
    answers.set('/keyed.csv', (request, response) => {
      if (request.headers['x-api-key'] === SECRET) response.end('a\n1\n');
      else response.writeHead(401).end();
    });
    const source = await made('/keyed.csv', credentials);
    expect(await synced(source)).toMatchObject({ error: { code: 'data_sources.source_denied' } });
    const value = { url: `${server.origin}/keyed.csv`, credentialsHeader: 'X-Api-Key' };
    const changed = await change(source, { config: { config: { $case: 'http', value } } });
    expect(changed.source?.config).toEqual({ config: { $case: 'http', value } });
    expect(await synced(source)).toMatchObject({ state: syncs.SyncState.SUCCEEDED });
    const host = { config: { $case: 'http', value: { ...value, credentialsHeader: 'Host' } } } as const;
    await expect(change(source, { config: host })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'data_sources.credentials_refused',
    });
  });

  it('go to no other server when its address is changed, unless they are given again', async () => {
    const source = await made('/table.csv', credentials);
    const elsewhere = http('https://evil.example/');
    await expect(change(source, { config: elsewhere })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'data_sources.credentials_needed',
    });
    const { source: same } = await service.client.getSource({ organizationId, source: source.id });
    expect(same).toEqual(source);
    await change(source, { config: http(`${server.origin}/other.csv`) });
    await change(source, { config: elsewhere, credentials });
    await change(source, { clearCredentials: true });
    await change(source, { config: http('https://other.example/') });
  });
});

describe('a source that nobody may reach', () => {
  it.each([
    ['http://127.0.0.1:PORT/', 'blocked_address'],
    ['http://[::1]:PORT/', 'blocked_address'],
    ['http://0.0.0.0:PORT/', 'blocked_address'],
    ['http://169.254.169.254/latest/meta-data/', 'blocked_address'],
    ['http://[fd00::1]/', 'blocked_address'],
    ['http://10.0.0.1/', 'blocked_address'],
    ['http://[::ffff:127.0.0.1]:PORT/', 'blocked_address'],
    ['http://2130706433:PORT/', 'blocked_address'],
    ['http://0x7f.1:PORT/', 'blocked_address'],
    ['http://017700000001:PORT/', 'blocked_address'],
    ['file:///etc/passwd', 'url_refused'],
    ['gopher://127.0.0.1:PORT/', 'url_refused'],
    ['ftp://127.0.0.1:PORT/', 'url_refused'],
    ['data:text/csv,a', 'url_refused'],
    ['jar:http://127.0.0.1:PORT/a!/b', 'url_refused'],
    ['\\\\127.0.0.1\\share', 'url_refused'],
    ['http://ok.example\\@127.0.0.1:PORT/', 'url_refused'],
    ['http://ok.example#@127.0.0.1:PORT/', 'url_refused'],
  ])('is not made: %s', async (url, code) => {
    const refused = { kind: 'invalid', code: `data_sources.${code}` };
    await expect(createSource(url.replace('PORT', String(canary.port)))).rejects.toMatchObject(refused);
    expect(canary.connections()).toBe(0);
  });

  it.each(['localhost', 'LocalHost.'])('is refused when its name is looked up: %s', async (host) => {
    const { source } = await createSource(`http://${host}:${canary.port}/`);
    expect(await synced(source!)).toMatchObject({ error: { code: 'data_sources.blocked_address' } });
    await expect(service.client.checkSource({ organizationId, source: source!.id })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'data_sources.blocked_address',
    });
    expect(canary.connections()).toBe(0);
  });

  it('is not reached by a redirect', async () => {
    answers.set('/away', (_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${canary.port}/` }).end();
    });
    answers.set('/file', (_, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    });
    const away = await made('/away');
    expect(await synced(away)).toMatchObject({ error: { code: 'data_sources.blocked_address' } });
    expect(await synced(await made('/file'))).toMatchObject({ error: { code: 'data_sources.url_refused' } });
    expect(canary.connections()).toBe(0);
    await expectNoDataset(away);
  });
});

describe('a source that goes wrong', () => {
  it('fails and leaves no half version when it dies in the middle, and is read once it is well again', async () => {
    let isWell = false;
    answers.set('/dying.csv', (_, response) => {
      if (isWell) response.end('a,b\n1,2\n');
      else response.write('a,b\n1,2\n3,', () => response.destroy());
    });
    const source = await made('/dying.csv');
    const failed = await synced(source);
    expect(failed).toMatchObject({
      state: syncs.SyncState.FAILED,
      error: { code: 'data_sources.source_cut' },
      datasetVersionId: '',
    });
    await expectNoDataset(source);
    isWell = true;
    expect(await synced(source)).toMatchObject({ state: syncs.SyncState.SUCCEEDED });
  });

  it('is cut when it has no end, announces too much, drips or is a bomb, with flat memory', async () => {
    const member = gzipSync(Buffer.alloc(4 * MiB));
    answers.set('/endless', (_, response) => stream(response, repeated(Buffer.alloc(256 * 1024, 97))));
    answers.set('/announced', (_, response) => {
      response.writeHead(200, { 'content-length': 100 * 1024 ** 3 }).flushHeaders();
    });
    answers.set('/drip', (_, response) => response.writeHead(200, { 'content-length': 9 }).write('a'));
    answers.set('/bomb', (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      return stream(response, repeated(member, 2560));
    });
    const expectFailure = async (path: string, code: string): Promise<void> => {
      const source = await made(path);
      expect(await synced(source), path).toMatchObject({
        state: syncs.SyncState.FAILED,
        error: { code: `data_sources.${code}` },
      });
      await expectNoDataset(source);
    };
    await expectFailure('/announced', 'fetch_too_large');
    await expectFailure('/drip', 'source_too_slow');
    // The server of the test shares this process. Held in memory, the first would add 256 MiB, the second 10 GiB.
    const growthBytes = await memoryGrowth(async () => {
      await expectFailure('/endless', 'fetch_too_large');
      await expectFailure('/bomb', 'compression_refused');
    });
    expect(growthBytes / MiB).toBeLessThan(64);
  });

  it('is let go of when its sync is cancelled', async () => {
    const events: string[] = [];
    answers.set('/waiting', (_, response) => {
      response.on('close', () => events.push('closed'));
      events.push('asked');
      // Fast enough to be listened to, and without an end that this test would see.
      const timer = setInterval(() => response.write('1,2\n'.repeat(1000)), 50);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    const source = await made('/waiting');
    const syncId = await startSync(source);
    await eventually(() => (events.includes('asked') ? true : undefined));
    await syncsClient.cancelSync({ organizationId, syncId });
    expect(await ended(syncId)).toMatchObject({ state: syncs.SyncState.CANCELLED });
    await eventually(() => (events.includes('closed') ? true : undefined));
    await expectNoDataset(source);
  });
});

/** How much the resident memory of this process grows above where it starts, at its peak. */
async function memoryGrowth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 10);
  await work();
  clearInterval(timer);
  return peak - before;
}
