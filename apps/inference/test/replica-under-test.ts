import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { inference, KV_BUCKETS, replica, routing } from '@aimass/contracts';
import { FsBlobStore } from '@aimass/platform-blobs';
import { childEnvironment, loadConfig } from '@aimass/platform-config';
import { findNatsServer, startNatsServer } from '@aimass/platform-embedded';
import type { NatsServer } from '@aimass/platform-embedded';
import { grpcClient } from '@aimass/platform-grpc';
import { connectNats, StateBucket } from '@aimass/platform-messaging';
import { newId } from '@aimass/platform-persistence';
import { eventually, guardFolder, startServiceUnderTest } from '@aimass/testing';
import type { FolderGuard, ServiceUnderTest } from '@aimass/testing';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';
import type { ModelFiles } from '../src/engines/engine.js';
import type { Manifest } from '../src/models/version-spec.js';
import { lineModelFiles, storeFiles } from './layers-model.fixture.js';

export type Replica = ServiceUnderTest<typeof inference.DataPlaneServiceService>;

interface Nats {
  readonly server: NatsServer;
  readonly connection: NatsConnection;
  /** Ends the server should the test run be killed. */
  readonly guard: FolderGuard;
}

/**
 * What replicas are told by: routing snapshots and blobs; and what they say: heartbeats. On a NATS server of its own, since
 * a replica loads what anybody's snapshots describe: those of other test files would take its memory.
 */
export class Surroundings {
  readonly organizationId = newId('org');
  private revision = 0;

  private constructor(
    /** Holds everything the replicas of a test keep on disk. */
    readonly folder: string,
    private readonly nats: Nats,
    private readonly snapshots: StateBucket<routing.RoutingSnapshot>,
    private readonly replicas: StateBucket<inference.ReplicaHeartbeat>,
  ) {}

  static async create(): Promise<Surroundings> {
    const folder = await mkdtemp(join(tmpdir(), 'aimass-inference-'));
    const guard = guardFolder(folder);
    const log = (): void => undefined;
    const { binary } = await findNatsServer({ env: childEnvironment({}), log });
    const server = await startNatsServer({ binary, storeDir: join(folder, 'nats'), durable: false, log });
    const connection = await connectNats(server.url, 'test');
    return new Surroundings(
      folder,
      { server, connection, guard },
      new StateBucket(connection, KV_BUCKETS.routing, routing.RoutingSnapshot),
      new StateBucket(connection, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, 5_000),
    );
  }

  get blobs(): FsBlobStore {
    return new FsBlobStore(join(this.folder, 'blobs'));
  }

  /** The environment of a replica, but for its port. */
  environment(extra: Record<string, string> = {}): Record<string, string> {
    return {
      NATS_URL: this.nats.server.url,
      BLOB_DIR: join(this.folder, 'blobs'),
      CACHE_DIR: join(this.folder, 'cache'),
      TENSORFLOW_BACKEND: 'tfjs',
      UNLOAD_GRACE_SECONDS: '0',
      ...extra,
    };
  }

  /** A replica in this process. */
  startReplica(extra: Record<string, string> = {}): Promise<Replica> {
    return startServiceUnderTest(
      inference.DataPlaneServiceService,
      (port) =>
        AppModule.with(loadConfig(configSchema, { GRPC_PORT: String(port), ...this.environment(extra) })),
      [replica.ReplicaServiceService],
    );
  }

  /** Has the snapshot describe exactly these versions, and route these names to them. */
  async route(versions: routing.ServedVersion[], routes: routing.Route[] = []): Promise<void> {
    const { organizationId } = this;
    const revision = String(++this.revision);
    const rest = { schemaVersion: 1, routes, policies: [] };
    await this.snapshots.put(organizationId, { ...rest, organizationId, revision, versions });
  }

  /** A version of an ONNX or a TF.js Layers model, in the blob store. */
  async version(modelVersionId: string, files: ModelFiles): Promise<routing.ServedVersion> {
    return versionOf(modelVersionId, await storeFiles(this.blobs, files));
  }

  async lineVersion(id: string, slope: number, intercept: number): Promise<routing.ServedVersion> {
    return this.version(id, await lineModelFiles(slope, intercept));
  }

  async heartbeatOf(address: string): Promise<inference.ReplicaHeartbeat | undefined> {
    const heard: inference.ReplicaHeartbeat[] = [];
    const stop = new AbortController();
    await new Promise<void>((resolve) => {
      const following = this.replicas.follow(
        stop.signal,
        (_, message) => message && heard.push(message),
        resolve,
      );
      following.catch(() => resolve());
    });
    stop.abort();
    // A process that was killed leaves its last word behind for some seconds.
    const said = (message: inference.ReplicaHeartbeat): number => message.sentAt?.getTime() ?? 0;
    const own = heard.filter((message) => message.address === address);
    return own.sort((a, b) => said(a) - said(b)).at(-1);
  }

  /** Hears every heartbeat as it comes, like a gateway, until the signal. */
  follow(signal: AbortSignal, hear: (message: inference.ReplicaHeartbeat) => void): void {
    const heard = (_: string, message: inference.ReplicaHeartbeat | null): void => {
      if (message) hear(message);
    };
    this.replicas.follow(signal, heard, () => undefined).catch(() => undefined);
  }

  /** Waits until the replica says what `isSaid` wants to hear. */
  until(address: string, isSaid: (message: inference.ReplicaHeartbeat) => boolean, timeoutMs = 30_000) {
    return eventually(async () => {
      const heartbeat = await this.heartbeatOf(address);
      if (heartbeat !== undefined && isSaid(heartbeat)) return heartbeat;
      throw new Error(`the replica says ${JSON.stringify(heartbeat)}`);
    }, timeoutMs);
  }

  /** Waits until the replica says that exactly these versions are ready. */
  untilReady(by: { address: string }, ids: string[]): Promise<inference.ReplicaHeartbeat> {
    const wanted = [...ids].sort().join();
    return this.until(by.address, (message) => message.readyModelVersionIds.sort().join() === wanted);
  }

  /** Takes the server and the folder away. */
  async close(): Promise<void> {
    await this.nats.connection.close();
    await this.nats.server.stop();
    await rm(this.folder, { recursive: true, maxRetries: 5 });
    this.nats.guard.release();
  }
}

/** An operator's client of a replica. */
export function operatorOf(by: { address: string }) {
  return grpcClient(replica.ReplicaServiceService, { address: by.address, name: 'replica' });
}

/** A version with one feature and one prediction, as a routing snapshot describes it. */
export function versionOf(modelVersionId: string, manifest: Manifest): routing.ServedVersion {
  const isOnnx = manifest.files.some((file) => file.path.endsWith('.onnx'));
  return {
    modelVersionId,
    modelName: 'line',
    versionNumber: 1,
    engine: isOnnx ? 'onnx' : 'tensorflow',
    format: isOnnx ? 'onnx' : 'tfjs-layers',
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

/** A request of one row per value. */
export function ask(...values: unknown[]) {
  return { inputs: [{ name: 'features', datatype: 'FP32', shape: [values.length, 1], data: values }] };
}
