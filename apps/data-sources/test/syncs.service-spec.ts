import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, syncs } from '@aimass/contracts';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { createTestDatabase, eventually, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';

type Running = ServiceUnderTest<typeof dataSources.DataSourcesServiceService>;
const organizationId = `org_${randomUUID()}`;
const { SyncState } = syncs;
let home: string;
let databaseUrl: string;
let database: Client;
let running: Running | undefined;
let client: GrpcClient<typeof syncs.SyncsServiceService>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aimass-syncs-'));
  databaseUrl = await createTestDatabase();
  database = new Client({ connectionString: databaseUrl });
  await database.connect();
});

afterEach(stop);

afterAll(async () => {
  await database.end();
  await rm(home, { recursive: true, force: true });
});

/** A service on the home and the database of this file; one that waits for nothing unless told. */
async function start(settings: Record<string, unknown> = {}): Promise<Running> {
  const module = (GRPC_PORT: number) =>
    AppModule.with(
      configSchema.parse({
        GRPC_PORT,
        LOG_LEVEL: 'silent',
        NATS_URL: testNatsUrl(),
        DATABASE_URL: databaseUrl,
        DATABASE_POOL_SIZE: 4,
        BLOB_DIR: join(home, 'blobs'),
        HOME_DIR: home,
        SYNC_WAIT_MS: 0,
        ...settings,
      }),
    );
  running = await startServiceUnderTest(dataSources.DataSourcesServiceService, module, [
    syncs.SyncsServiceService,
  ]);
  client = grpcClient(syncs.SyncsServiceService, { address: running.address, name: 'syncs' });
  return running;
}

async function stop(): Promise<void> {
  if (!running) return;
  client.close();
  await running.stop();
  running = undefined;
}

async function upload(service: Running, text: string): Promise<string> {
  const value = { organizationId, filename: 't.csv', expectedSha256: '', expectedSizeBytes: '0' };
  async function* requests(): AsyncGenerator<dataSources.UploadRequest> {
    yield await Promise.resolve({ part: { $case: 'header' as const, value } });
    const content = Buffer.from(text);
    for (let at = 0; at < content.length; at += 2 ** 20) {
      yield { part: { $case: 'chunk', value: content.subarray(at, at + 2 ** 20) } };
    }
  }
  return (await service.client.upload(requests(), { deadlineMs: 60_000 })).upload?.id ?? '';
}

function order(service: Running, name: string, uploadId: string, requestId = '') {
  const request = { organizationId, requestId, name, uploadId, recipeJson: '', derivedFrom: undefined };
  return service.client.createDataset(request, { deadlineMs: 30_000 });
}

async function orderSync(service: Running, name: string, uploadId: string, requestId = ''): Promise<string> {
  return (await order(service, name, uploadId, requestId)).sync?.id ?? '';
}

async function get(syncId: string): Promise<syncs.Sync> {
  const { sync } = await client.getSync({ organizationId, syncId });
  if (!sync) throw new Error('no sync');
  return sync;
}

/** The sync once it has ended. */
function ended(syncId: string): Promise<syncs.Sync> {
  return eventually(async () => {
    const sync = await get(syncId);
    return sync.finishedAt ? sync : undefined;
  });
}

/** The sync once it imports, which takes its time. */
function importing(syncId: string): Promise<syncs.Sync> {
  return eventually(async () => {
    const sync = await get(syncId);
    return sync.state === SyncState.IMPORTING ? sync : undefined;
  });
}

async function datasets(): Promise<string[]> {
  const result = await database.query<{ name: string }>(
    `SELECT name FROM dataset WHERE organization_id = $1 ORDER BY name`,
    [organizationId],
  );
  return result.rows.map(({ name }) => name);
}

async function subjects(syncId: string): Promise<string[]> {
  const result = await database.query<{ subject: string }>(
    `SELECT subject FROM outbox WHERE aggregate_id = $1`,
    [syncId],
  );
  return result.rows.map(({ subject }) => subject);
}

/** A table whose import takes some seconds. */
const large = `a,b\n${Array.from({ length: 400_000 }, (_, row) => `${row},${row * 7}`).join('\n')}\n`;

describe('an import that is not waited for', () => {
  it('goes on, ends with a version, and tells of it', async () => {
    const service = await start();
    const syncId = await orderSync(service, 'later', await upload(service, 'a,b\n1,2\n3,4\n'));
    const sync = await ended(syncId);
    expect(sync).toMatchObject({
      state: SyncState.SUCCEEDED,
      importedRows: '2',
      fetchedBytes: '12',
      attempts: 1,
      error: undefined,
    });
    const { version } = await service.client.getDatasetVersion({
      organizationId,
      dataset: '',
      number: 0,
      versionId: sync.datasetVersionId,
    });
    expect(version).toMatchObject({ rowCount: '2', syncId, uploadId: sync.uploadId });
    expect(await subjects(syncId)).toEqual(['data_sources.v1.sync.succeeded']);
  });

  it('is the same sync for a repeat with the same key, and another one once that has failed', async () => {
    const service = await start();
    const uploadId = await upload(service, 'a,a\n1,2\n');
    const requestId = randomUUID();
    const syncId = await orderSync(service, 'bad', uploadId, requestId);
    expect(await ended(syncId)).toMatchObject({
      state: SyncState.FAILED,
      error: { code: 'data_sources.csv_header_duplicate' },
    });
    expect(await subjects(syncId)).toEqual(['data_sources.v1.sync.failed']);
    expect(await orderSync(service, 'bad', uploadId, requestId)).not.toBe(syncId);
    const good = await upload(service, 'a\n1\n');
    const key = randomUUID();
    const first = await orderSync(service, 'repeated', good, key);
    expect(await orderSync(service, 'repeated', good, key)).toBe(first);
    await ended(first);
    const { dataset, version } = await order(service, 'repeated', good, key);
    expect([dataset?.name, version?.syncId]).toEqual(['repeated', first]);
  });

  it('is seen by its organization alone', async () => {
    const service = await start();
    const syncId = await orderSync(service, 'mine', await upload(service, 'a\n1\n'));
    const stranger = { organizationId: 'org_other', syncId };
    const absent = { kind: 'not_found', code: 'data_sources.sync_not_found' };
    await expect(client.getSync(stranger)).rejects.toMatchObject(absent);
    await expect(client.cancelSync(stranger)).rejects.toMatchObject(absent);
    const page = { organizationId: 'org_other', sourceId: '', pageSize: 0, pageToken: '' };
    expect(await client.listSyncs(page)).toEqual({ items: [], nextPageToken: '' });
    await ended(syncId);
  });
});

describe('CancelSync', () => {
  it('ends a sync that waits, and one in the middle of its import, leaving nothing behind', async () => {
    const service = await start({ SYNC_PARALLEL: 1 });
    const uploadId = await upload(service, large);
    const first = await orderSync(service, 'cancelled', uploadId);
    const waiting = await orderSync(service, 'waiting', uploadId);
    await importing(first);
    for (const syncId of [waiting, first]) {
      const { sync } = await client.cancelSync({ organizationId, syncId });
      expect(sync?.state).toBe(SyncState.CANCELLED);
    }
    await eventually(async () =>
      (await readdir(join(home, 'tmp', 'data-sources'))).length === 0 ? true : undefined,
    );
    expect(await get(first)).toMatchObject({ state: SyncState.CANCELLED, datasetVersionId: '' });
    expect(await datasets()).not.toContain('cancelled');
    await expect(client.cancelSync({ organizationId, syncId: first })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'data_sources.sync_finished',
    });
  });
});

describe('a service that stops', () => {
  it('gives its syncs back, and the next one finishes them', async () => {
    const service = await start();
    const syncId = await orderSync(service, 'given-back', await upload(service, large));
    await importing(syncId);
    await stop();
    const { rows } = await database.query(`SELECT state, attempts FROM sync WHERE id = $1`, [syncId]);
    expect(rows).toEqual([{ state: 'queued', attempts: 0 }]);
    await start();
    expect(await ended(syncId)).toMatchObject({ state: SyncState.SUCCEEDED, attempts: 1 });
  });
});

describe('a sync whose service was killed', () => {
  /** As a killed service leaves it. */
  async function abandon(owner: string, attempts: number, leaseSeconds: number): Promise<string> {
    const service = await start();
    const syncId = await orderSync(
      service,
      `abandoned-${attempts}-${owner}`,
      await upload(service, 'a\n1\n2\n'),
    );
    await ended(syncId);
    await stop();
    await database.query(
      `UPDATE sync SET dataset_id = NULL, dataset_version_id = NULL, finished_at = NULL,
      state = 'importing', target = 'any', lease_owner = $2, attempts = $3,
      lease_until = now() + $4 * interval '1 second' WHERE id = $1`,
      [syncId, owner, attempts, leaseSeconds],
    );
    return syncId;
  }

  it('is taken up when the lease runs out, and finds what it had made', async () => {
    const syncId = await abandon('another', 1, 1);
    await start();
    expect(await ended(syncId)).toMatchObject({ state: SyncState.UNCHANGED, attempts: 2 });
  });

  it('is taken up at once when it was of the same home', async () => {
    const service = await start();
    const slow = await orderSync(service, 'own', await upload(service, large));
    await importing(slow);
    const { rows } = await database.query<{ lease_owner: string }>(
      `SELECT lease_owner FROM sync WHERE id = $1`,
      [slow],
    );
    await client.cancelSync({ organizationId, syncId: slow });
    await stop();
    const syncId = await abandon(rows[0]?.lease_owner ?? '', 1, 600);
    await start();
    expect(await ended(syncId)).toMatchObject({ attempts: 2 });
  });

  it('is given up when it has been begun three times', async () => {
    const syncId = await abandon('another', 3, -1);
    await start();
    expect(await ended(syncId)).toMatchObject({
      state: SyncState.FAILED,
      error: { code: 'data_sources.sync_interrupted' },
    });
  });
});

it('an attempt that has lost its lease adds no version', async () => {
  const service = await start();
  const syncId = await orderSync(service, 'taken-over', await upload(service, large));
  await importing(syncId);
  await database.query(
    `UPDATE sync SET lease_owner = 'another', lease_until = now() + interval '1 hour' WHERE id = $1`,
    [syncId],
  );
  await eventually(async () =>
    (await readdir(join(home, 'tmp', 'data-sources'))).length === 0 ? true : undefined,
  );
  expect(await get(syncId)).toMatchObject({ state: SyncState.IMPORTING, datasetVersionId: '' });
  expect(await datasets()).not.toContain('taken-over');
  await client.cancelSync({ organizationId, syncId });
});
