import { KV_BUCKETS, inference, routing } from '@aimass/contracts';
import { pickFreePorts } from '@aimass/platform-embedded';
import { connectNats, StateBucket } from '@aimass/platform-messaging';
import { createTestDatabase, eventually, testNatsUrl } from '@aimass/testing';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeReplica } from '../proxy/fake-replica.js';
import { routeTo } from '../proxy/plane-under-test.js';

const ADMIN_KEY = `am_${'k'.repeat(43)}`;
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** How long turns of the gateway's event loop were busy since the last reset, and its resident memory now. */
export interface Probe {
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly rssBytes: number;
}

/** Bounds that make a test quick; everything else is as in production. */
export const LIMITS = {
  BODY_LIMIT_BYTES: 1024 * 1024,
  REQUEST_TIMEOUT_MS: 4_000,
  HEADERS_TIMEOUT_MS: 2_000,
  KEEP_ALIVE_TIMEOUT_MS: 1_500,
  READ_TIMEOUT_MS: 1_000,
};

/** The whole gateway in a process of its own, with a model called `faithful` on one replica. */
export interface GatewayProcess {
  readonly url: string;
  readonly port: number;
  readonly key: string;
  readonly replica: FakeReplica;
  /** Whether it has not ended. */
  isAlive(): boolean;
  /** Starts the measurement of the event loop anew. */
  resetProbe(): void;
  probe(): Promise<Probe>;
  /** One prediction over HTTP/1.1; the status. */
  infer(body?: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the gateway's own entry point. */
export async function startGatewayProcess(): Promise<GatewayProcess> {
  const [port, nowhere] = (await pickFreePorts(2)) as [number, number];
  const folder = await mkdtemp(join(tmpdir(), 'aimass-attack-'));
  const child = spawnGateway({
    ...Object.fromEntries(Object.entries(LIMITS).map(([name, value]) => [name, String(value)])),
    HTTP_PORT: String(port),
    ADMIN_KEY,
    SPOOL_DIR: folder,
    LOG_LEVEL: 'warn',
    NATS_URL: testNatsUrl(),
    DATABASE_URL: await createTestDatabase(),
    ...Object.fromEntries(
      ['DATA_SOURCES', 'TRAINING', 'MODEL_REGISTRY', 'TRAFFIC_CONTROL', 'MARKETPLACE'].map((name) => [
        `${name}_URL`,
        `127.0.0.1:${nowhere}`,
      ]),
    ),
  });
  await answerOf(child, 'ready');
  const url = `http://127.0.0.1:${port}`;
  const replica = await FakeReplica.start();
  const infer = async (body = '{"inputs":[]}'): Promise<number> => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v2/models/faithful/infer`, { method: 'POST', body, headers });
    await response.arrayBuffer();
    return response.status;
  };
  const withdraw = await publishModel(url, replica.address);
  await eventually(async () => ((await infer()) === 200 ? true : undefined));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    ...{ url, port, key: ADMIN_KEY, replica, isAlive, infer },
    resetProbe: () => child.send({ type: 'probe.reset' }),
    probe: () => {
      const answer = answerOf<Probe>(child, 'probe');
      child.send({ type: 'probe.read' });
      return answer;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      if (isAlive()) child.kill('SIGTERM');
      await ended;
      await withdraw();
      replica.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function spawnGateway(env: Record<string, string>): ChildProcess {
  const loaders = [here('../proxy/ts-register.mjs'), here('./probe.mjs')].flatMap((file) => [
    '--import',
    file,
  ]);
  return spawn(process.execPath, ['--conditions=source', ...loaders, here('../../src/main.ts')], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function answerOf<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the gateway ended before it said ${type}`));
    const hear = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('type' in message)) return;
      if (message.type !== type) return;
      child.off('message', hear).off('exit', ended);
      resolve(message as T);
    };
    child.on('message', hear).once('exit', ended);
  });
}

/** Gives the administrator's organization a route to the replica. Returns what takes both away. */
async function publishModel(url: string, address: string): Promise<() => Promise<void>> {
  const response = await fetch(`${url}/api/v1/organizations`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const { items } = (await response.json()) as { items: { id: string; name: string }[] };
  const organizationId = items.find(({ name }) => name === 'platform')?.id ?? '';
  const nats = await connectNats(testNatsUrl(), 'attack test');
  const snapshots = new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
  const heartbeats = new StateBucket(nats, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, 5_000);
  const modelVersionId = `mv_${randomUUID()}`;
  const replicaId = `rep_${randomUUID()}`;
  const routes = [routeTo('faithful', modelVersionId)];
  const snapshot = { schemaVersion: 1, organizationId, revision: '1', routes };
  await snapshots.put(organizationId, routing.RoutingSnapshot.fromPartial(snapshot));
  const heartbeat = inference.ReplicaHeartbeat.fromPartial({
    ...{ replicaId, address, readyModelVersionIds: [modelVersionId] },
    sentAt: new Date(),
  });
  const beat = (): Promise<unknown> => heartbeats.put(replicaId, heartbeat);
  await beat();
  const timer = setInterval(() => void beat().catch(() => undefined), 1_000);
  return async () => {
    clearInterval(timer);
    await snapshots.delete(organizationId);
    await heartbeats.delete(replicaId);
    await nats.close();
  };
}
