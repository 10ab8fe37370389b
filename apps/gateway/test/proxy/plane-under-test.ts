import { EVENTS, Envelope, KV_BUCKETS, inference, routing, trafficControl } from '@aimass/contracts';
import type { gatewayEvents } from '@aimass/contracts';
import { connectNats, StateBucket } from '@aimass/platform-messaging';
import { grpcClient } from '@aimass/platform-grpc';
import { SharedPort } from '@aimass/platform-open-inference';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { startFakePeer, testNatsUrl } from '@aimass/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import fastify from 'fastify';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestIdOf } from '../../src/http/request-id.js';
import type { AuthenticatedKey } from '../../src/identity/key-directory.js';
import { DataPlane } from '../../src/proxy/data-plane.js';
import { serveOpenInference } from '../../src/proxy/oip/serve-oip.js';
import type { DataPlaneTuning } from '../../src/proxy/ports.js';

const definition = trafficControl.TrafficControlServiceService;
type AcquireLeases = GrpcHandlers<typeof definition>['acquireLeases'];

/** The data plane on a bare Fastify instance, with real NATS and a fake traffic-control. */
export interface PlaneUnderTest {
  readonly url: string;
  readonly plane: DataPlane;
  readonly organizationId: string;
  readonly keys: Map<string, AuthenticatedKey>;
  /** Usage that reached JetStream. */
  readonly shipped: gatewayEvents.UsageEvent[];
  readonly spoolDir: string;
  publish(snapshot: Partial<routing.RoutingSnapshot>): Promise<void>;
  beat(address: string, heartbeat?: Partial<inference.ReplicaHeartbeat>): Promise<string>;
  leave(replicaId: string): Promise<void>;
  infer(path: string, init?: InferInit): Promise<Response>;
  stop(): Promise<void>;
}

/** As for `fetch`, with plain headers. */
export type InferInit = Omit<RequestInit, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

const BODY_LIMIT_BYTES = 64 * 1024;

/** Starts one; nothing of it is shared but NATS, where it has an organization and replicas of its own. */
export async function startPlane(
  tuning: Partial<DataPlaneTuning> = {},
  natsUrl = testNatsUrl(),
): Promise<PlaneUnderTest> {
  const organizationId = `org_${randomUUID()}`;
  const keys = new Map([['am_good', keyOf(organizationId)]]);
  const nats = await connectNats(natsUrl, 'proxy test');
  const spoolDir = await mkdtemp(join(tmpdir(), 'aimass-spool-'));
  const peer = await startFakePeer(definition, { acquireLeases: grantAll });
  const leases = grpcClient(definition, { address: peer.address, name: 'traffic-control' });
  const config = { SPOOL_DIR: spoolDir, BODY_LIMIT_BYTES, REQUEST_TIMEOUT_MS: 20_000 };
  const log = { log: () => undefined, warn: () => undefined, error: () => undefined };
  const plane = new DataPlane({
    nats,
    leases,
    keys: { find: (key) => keys.get(key) ?? null },
    config,
    log,
    // The clients share the event loop with the gateway: on a busy machine it is late for their sake.
    tuning: { heartbeatMs: 60_000, maxLagMs: 20_000, ...tuning },
  });
  const port = new SharedPort({ headersMs: 2_000, keepAliveMs: 5_000, requestMs: 0, readMs: 2_000 });
  const app = fastify({
    genReqId: requestIdOf,
    forceCloseConnections: true,
    serverFactory: (listener) => port.createServer(listener),
  });
  serveOpenInference(app, plane, port);
  plane.start();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const shipped = collectUsage(nats, organizationId);
  const publisher = publisherOf(nats, organizationId);
  const stop = async (): Promise<void> => {
    await app.close();
    await plane.stop();
    leases.close();
    peer.stop();
    await publisher.clear();
    await nats.close();
    await rm(spoolDir, { recursive: true, force: true });
  };
  const infer = (path: string, init: InferInit = {}): Promise<Response> =>
    fetch(`${url}/v2/models/${path}/infer`, {
      method: 'POST',
      body: '{"inputs":[]}',
      ...init,
      headers: { authorization: 'Bearer am_good', 'content-type': 'application/json', ...init.headers },
    });
  return { url, plane, organizationId, keys, shipped, spoolDir, ...publisher, infer, stop };
}

/** Who `am_good` is. */
export function keyOf(organizationId: string): AuthenticatedKey {
  return {
    keyId: 'key_1',
    organizationId,
    organizationName: 'acme',
    role: 'developer',
    isPlatformAdmin: false,
  };
}

/** A route with one version. */
export function routeTo(name: string, modelVersionId: string, deploymentId = 'dep_1'): routing.Route {
  return routing.Route.fromPartial({
    name,
    deploymentId,
    ownerOrganizationId: 'org_owner',
    variants: [{ name: 'v1', modelVersionId, versionNumber: 1, weight: 1 }],
  });
}

const grantAll: AcquireLeases = ({ demands }) =>
  Promise.resolve({ leases: demands.map(({ policyId }) => ({ policyId, share: 1, lifetimeMs: 10_000 })) });

function publisherOf(nats: NatsConnection, organizationId: string) {
  const snapshots = new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
  const heartbeats = new StateBucket(nats, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, 5_000);
  const replicaIds = new Map<string, string>();
  let revision = 0;
  return {
    publish: (snapshot: Partial<routing.RoutingSnapshot>) =>
      snapshots.put(
        organizationId,
        routing.RoutingSnapshot.fromPartial({
          schemaVersion: 1,
          organizationId,
          revision: String((revision += 1)),
          ...snapshot,
        }),
      ),
    beat: async (address: string, heartbeat: Partial<inference.ReplicaHeartbeat> = {}): Promise<string> => {
      const replicaId = replicaIds.get(address) ?? `rep_${randomUUID()}`;
      replicaIds.set(address, replicaId);
      const message = { replicaId, address, sentAt: new Date(), ...heartbeat };
      await heartbeats.put(replicaId, inference.ReplicaHeartbeat.fromPartial(message));
      return replicaId;
    },
    leave: (replicaId: string) => heartbeats.delete(replicaId),
    clear: async (): Promise<void> => {
      await snapshots.delete(organizationId);
      for (const replicaId of replicaIds.values()) await heartbeats.delete(replicaId);
    },
  };
}

/** What arrives on the usage subject for an organization, also twice. */
export function collectUsage(nats: NatsConnection, organizationId: string): gatewayEvents.UsageEvent[] {
  const shipped: gatewayEvents.UsageEvent[] = [];
  const subject = 'gateway.v1.usage.recorded';
  nats.subscribe(subject, {
    callback: (_error, message) => {
      const { events } = EVENTS[subject].decode(Envelope.decode(message.data).data);
      shipped.push(...events.filter((event) => event.organizationId === organizationId));
    },
  });
  return shipped;
}
