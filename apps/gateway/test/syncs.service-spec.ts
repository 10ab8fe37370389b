import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, syncs } from '@aimass/contracts';
import { generateAdminKey, pickFreePorts } from '@aimass/platform-embedded';
import { DomainError } from '@aimass/platform-errors';
import { createLogger } from '@aimass/platform-service';
import { createTestDatabase, startFakePeer, testNatsUrl } from '@aimass/testing';
import type { FakePeer } from '@aimass/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../src/config.js';
import { createGateway } from '../src/gateway.js';

let app: NestFastifyApplication;
let peer: FakePeer;
let spool: string;
let url: string;
const adminKey = generateAdminKey();
const sync = (state: syncs.SyncState) => syncs.Sync.fromPartial({ id: 'syn_1', datasetName: 'slow', state });
const version = dataSources.DatasetVersion.fromPartial({ id: 'dsv_1', number: 2 });

/** Data-sources, whose imports into `slow` take their time. */
function startPeer(): Promise<FakePeer> {
  const definition = { ...dataSources.DataSourcesServiceService, ...syncs.SyncsServiceService };
  return startFakePeer(definition, {
    createDataset: ({ name }) =>
      Promise.resolve(
        name === 'slow'
          ? { dataset: undefined, version: undefined, sync: sync(syncs.SyncState.IMPORTING) }
          : { dataset: dataSources.Dataset.fromPartial({ name }), version, sync: undefined },
      ),
    createDatasetVersion: ({ dataset }) =>
      Promise.resolve(
        dataset === 'slow'
          ? { version: undefined, sync: sync(syncs.SyncState.QUEUED) }
          : { version, sync: undefined },
      ),
    getSync: ({ syncId }) =>
      syncId === 'syn_1'
        ? Promise.resolve({ sync: sync(syncs.SyncState.FETCHING) })
        : Promise.reject(new DomainError('not_found', 'data_sources.sync_not_found', 'There is none.')),
    listSyncs: () => Promise.resolve({ items: [sync(syncs.SyncState.FAILED)], nextPageToken: '' }),
    cancelSync: () => Promise.resolve({ sync: sync(syncs.SyncState.CANCELLED) }),
  });
}

beforeAll(async () => {
  peer = await startPeer();
  spool = await mkdtemp(join(tmpdir(), 'aimass-gateway-'));
  const [HTTP_PORT] = await pickFreePorts(1);
  const config = configSchema.parse({
    LOG_LEVEL: 'silent',
    NATS_URL: testNatsUrl(),
    DATABASE_URL: await createTestDatabase(),
    DATA_SOURCES_URL: peer.address,
    TRAINING_URL: '127.0.0.1:9',
    MODEL_REGISTRY_URL: '127.0.0.1:9',
    TRAFFIC_CONTROL_URL: '127.0.0.1:9',
    MARKETPLACE_URL: '127.0.0.1:9',
    HTTP_PORT,
    ADMIN_KEY: adminKey,
    SPOOL_DIR: spool,
  });
  app = await createGateway(config, createLogger('gateway', 'silent'));
  await app.listen(config.HTTP_PORT, '127.0.0.1');
  url = `http://127.0.0.1:${config.HTTP_PORT}`;
});

afterAll(async () => {
  await app.close();
  peer.stop();
  await rm(spool, { recursive: true });
});

async function call(method: string, path: string, json?: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const location = response.headers.get('location');
  return { status: response.status, location, body: (await response.json()) as Record<string, unknown> };
}

describe('an import', () => {
  it.each(['/datasets', '/datasets/slow/versions'])(
    'that takes longer is answered by POST %s with 202, the sync, and where to look',
    async (path) => {
      const body = path === '/datasets' ? { name: 'slow', uploadId: 'upl_1' } : { uploadId: 'upl_1' };
      const answer = await call('POST', path, body);
      expect(answer).toMatchObject({ status: 202, location: '/api/v1/syncs/syn_1', body: { id: 'syn_1' } });
      // The lists of a version have no place in a sync.
      expect(answer.body).not.toHaveProperty('columns');
    },
  );

  it('that is done is answered with 201 and what it has made', async () => {
    const dataset = await call('POST', '/datasets', { name: 'fast', uploadId: 'upl_1' });
    expect(dataset).toMatchObject({ status: 201, location: null, body: { version: { number: 2 } } });
    expect(dataset.body).not.toHaveProperty('sync');
    const made = await call('POST', '/datasets/fast/versions', { uploadId: 'upl_1' });
    expect(made).toMatchObject({ status: 201, body: { number: 2, columns: [] } });
  });
});

describe('syncs', () => {
  it('can be looked at and cancelled', async () => {
    expect(await call('GET', '/syncs/syn_1')).toMatchObject({
      status: 200,
      body: { state: 'SYNC_STATE_FETCHING' },
    });
    expect(await call('GET', '/syncs')).toMatchObject({ status: 200, body: { items: [{ id: 'syn_1' }] } });
    expect(await call('POST', '/syncs/syn_1:cancel')).toMatchObject({
      status: 200,
      body: { state: 'SYNC_STATE_CANCELLED' },
    });
    expect(await call('GET', '/syncs/syn_2')).toMatchObject({
      status: 404,
      body: { code: 'data_sources.sync_not_found' },
    });
  });

  it('are in the API document, the 202 of imports included', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    expect(Object.keys(document.paths['/api/v1/datasets']?.post?.responses ?? {})).toContain('202');
    expect(document.paths['/api/v1/syncs/{sync}:cancel']).toBeDefined();
  });
});
