import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inference, KV_BUCKETS, routing } from '@aimass/contracts';
import { FsBlobStore } from '@aimass/platform-blobs';
import { loadConfig } from '@aimass/platform-config';
import { connectNats, StateBucket } from '@aimass/platform-messaging';
import { newId } from '@aimass/platform-persistence';
import { eventually, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';
import { DataPlaneService } from '../src/data-plane/data-plane.service.js';
import type { Manifest } from '../src/models/version-spec.js';
import { ExchangeClient } from './exchange-client.js';
import { lineModelFiles, storeFiles } from './layers-model.fixture.js';

type Replica = ServiceUnderTest<typeof inference.DataPlaneServiceService>;

const organizationId = newId('org');
const [first, second] = [newId('mv'), newId('mv')];
let folder: string;
let nats: NatsConnection;
let snapshots: StateBucket<routing.RoutingSnapshot>;
let replicas: StateBucket<inference.ReplicaHeartbeat>;
let replica: Replica;
let gateway: ExchangeClient;
let revision = 0;

function startReplica(extra: Record<string, string> = {}): Promise<Replica> {
  return startServiceUnderTest(inference.DataPlaneServiceService, (port) => {
    const environment = {
      GRPC_PORT: String(port),
      NATS_URL: testNatsUrl(),
      BLOB_DIR: join(folder, 'blobs'),
      CACHE_DIR: join(folder, 'cache'),
      TENSORFLOW_BACKEND: 'tfjs',
      UNLOAD_GRACE_SECONDS: '0',
    };
    return AppModule.with(loadConfig(configSchema, { ...environment, ...extra }));
  });
}

function versionOf(modelVersionId: string, manifest: Manifest, versionNumber = 1): routing.ServedVersion {
  return {
    modelVersionId,
    modelName: 'line',
    versionNumber,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: {
      inputs: [{ name: 'features', datatype: 'FP32', shape: ['-1', '1'] }],
      outputs: [{ name: 'prediction', datatype: 'FP32', shape: ['-1', '1'] }],
    },
    manifest: {
      ...manifest,
      files: manifest.files.map((file) => ({ ...file, sizeBytes: String(file.sizeBytes) })),
    },
    serving: undefined,
  };
}

async function lineVersion(id: string, slope: number, intercept: number): Promise<routing.ServedVersion> {
  const files = await lineModelFiles(slope, intercept);
  return versionOf(id, await storeFiles(new FsBlobStore(join(folder, 'blobs')), files));
}

async function route(versions: routing.ServedVersion[]): Promise<void> {
  const message = {
    schemaVersion: 1,
    organizationId,
    revision: String(++revision),
    routes: [],
    policies: [],
    versions,
  };
  await snapshots.put(organizationId, message);
}

async function heartbeatOf(address: string): Promise<inference.ReplicaHeartbeat | undefined> {
  const heard: inference.ReplicaHeartbeat[] = [];
  const stop = new AbortController();
  await new Promise<void>((resolve) => {
    const following = replicas.follow(stop.signal, (_, message) => message && heard.push(message), resolve);
    following.catch(() => resolve());
  });
  stop.abort();
  return heard.find((message) => message.address === address);
}

/** Waits until the replica says that exactly these versions are ready. */
function untilReady(by: Replica, ids: string[]): Promise<inference.ReplicaHeartbeat> {
  return eventually(async () => {
    const heartbeat = await heartbeatOf(by.address);
    return heartbeat?.readyModelVersionIds.sort().join() === [...ids].sort().join() ? heartbeat : undefined;
  });
}

const ask = (...values: unknown[]) => {
  return { inputs: [{ name: 'features', datatype: 'FP32', shape: [values.length, 1], data: values }] };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-inference-'));
  nats = await connectNats(testNatsUrl(), 'test');
  snapshots = new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
  replicas = new StateBucket(nats, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, 5_000);
  await route([await lineVersion(first, 2, 1), await lineVersion(second, 5, 0)]);
  replica = await startReplica();
  gateway = new ExchangeClient(replica.address);
  await untilReady(replica, [first, second]);
});

afterAll(async () => {
  gateway.close();
  await replica.stop();
  await snapshots.delete(organizationId);
  await nats.close();
  await rm(folder, { recursive: true });
});

describe('a call', () => {
  it('is answered by the version it names', async () => {
    const answers = await Promise.all([
      gateway.infer(first, { id: 'a', ...ask(3) }),
      gateway.infer(second, ask(3)),
    ]);
    expect(answers[0]).toMatchObject({
      status: 200,
      body: { model_name: 'line', model_version: '1', id: 'a' },
    });
    const outputs = answers.map((answer) => answer.body['outputs']);
    expect(outputs).toEqual([
      [{ name: 'prediction', datatype: 'FP32', shape: [1, 1], data: [7] }],
      [{ name: 'prediction', datatype: 'FP32', shape: [1, 1], data: [15] }],
    ]);
  });

  it('shares a run and an answer frame with the others of its frame, and bad ones among them harm nobody', async () => {
    const bodies = [ask(1), ask('text'), ask(2, 3), '{', ask(1e39), ask(4)];
    const answers = await Promise.all(gateway.inferAll(first, bodies));
    expect(answers.map((answer) => answer.status)).toEqual([200, 400, 200, 400, 400, 200]);
    expect(answers[2]?.body).toMatchObject({ outputs: [{ shape: [2, 1], data: [5, 7] }] });
    expect(answers[1]?.body['error']).toContain('element 0 of "data" is "text"');
    expect(Math.max(...gateway.frames)).toBeGreaterThan(1);
  });

  it('gets its credit back, also when it is refused', async () => {
    const before = gateway.credits;
    await Promise.all(gateway.inferAll(first, [ask(1), '{', ask(2)]));
    expect(gateway.credits).toBe(before + 3);
  });

  it.each<[string, Partial<inference.InferCall>, number, RegExp]>([
    ['an unknown version', { modelVersionId: 'mv_nobody' }, 404, /does not serve model version mv_nobody/],
        [
      'another encoding',
      { encoding: inference.BodyEncoding.UNSPECIFIED },
      400,
      /how the request is encoded/,
    ],
  ])("is refused in the protocol's error shape: %s", async (_, over, status, message) => {
    const answer = await gateway.infer(first, ask(1), over);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(['error']);
    expect(answer.body['error']).toMatch(message);
  });
});

describe('placement', () => {
  it('says what cannot be loaded and why, serves the rest, and takes up a version that appears later', async () => {
    const third = newId('mv');
    const broken = versionOf(newId('mv'), {
      files: [{ path: 'model.json', sha256: 'f'.repeat(64), sizeBytes: 1 }],
      sha256: '',
    });
    const added = await lineVersion(third, 1, 1);
    await route([await lineVersion(first, 2, 1), added, broken]);
    await untilReady(replica, [first, third]);
    const heartbeat = await eventually(async () => {
      const heard = await heartbeatOf(replica.address);
      return heard?.failedModelVersions[broken.modelVersionId] === undefined ? undefined : heard;
    });
    expect(heartbeat.failedModelVersions[broken.modelVersionId]).toContain('digest does not fit');
    expect(heartbeat).toMatchObject({
      draining: false,
      backend: expect.stringMatching(/^tfjs/) as string,
    });
    expect(await gateway.infer(third, ask(1))).toMatchObject({ status: 200 });
    expect(await gateway.infer(broken.modelVersionId, ask(1))).toMatchObject({ status: 503 });
    expect(await gateway.infer(second, ask(1))).toMatchObject({ status: 404 });
  });
});

describe('without NATS', () => {
  it('a replica starts and serves what it served before', async () => {
    const lonely = await startReplica({ NATS_URL: 'nats://127.0.0.1:9' });
    const client = new ExchangeClient(lonely.address);
    expect(await client.infer(first, ask(3))).toMatchObject({
      status: 200,
      body: { outputs: [{ data: [7] }] },
    });
    client.close();
    await lonely.stop();
  });

  it('a replica that knows nothing says that it is starting', async () => {
    const empty = await startReplica({ NATS_URL: 'nats://127.0.0.1:9', CACHE_DIR: join(folder, 'empty') });
    const client = new ExchangeClient(empty.address);
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 503 });
    client.close();
    await empty.stop();
  });
});

describe('stopping', () => {
  it('says so first, still answers what comes meanwhile, ends streams cleanly and takes its entry away', async () => {
    const leaving = await startReplica();
    const client = new ExchangeClient(leaving.address);
    await eventually(
      async () => (await heartbeatOf(leaving.address))?.readyModelVersionIds.includes(first) || undefined,
    );
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 200 });
    const drained = leaving.app.get(DataPlaneService).drain();
    await eventually(async () => (await heartbeatOf(leaving.address))?.draining || undefined);
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 200 });
    await drained;
    expect(await client.status()).toBe(0);
    expect(await heartbeatOf(leaving.address)).toBeUndefined();
    client.close();
    await leaving.stop();
  });
});
