import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, sources, syncs } from '@aimass/contracts';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { createTestDatabase, eventually, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';
import { startHttpServer } from './http-server.js';
import type { TestHttpServer } from './http-server.js';

/** A service with its clients. */
export interface SourcesUnderTest {
  readonly service: ServiceUnderTest<typeof sources.SourcesServiceService>;
  readonly sources: GrpcClient<typeof sources.SourcesServiceService>;
  readonly syncs: GrpcClient<typeof syncs.SyncsServiceService>;
  readonly datasets: GrpcClient<typeof dataSources.DataSourcesServiceService>;
  stop(): Promise<void>;
}

/** A database and a home, on which services are started, one after the other or several at once. */
export interface SourcesHome {
  readonly database: Client;
  start(settings?: Readonly<Record<string, unknown>>): Promise<SourcesUnderTest>;
  /** Stops everything and removes the home. */
  dispose(): Promise<void>;
}

/** One key of a ring, `id:base64`. */
export function newKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** An organization that nobody else has. */
export function newOrganization(): string {
  return `org_${randomUUID()}`;
}

export async function openHome(): Promise<SourcesHome> {
  const url = await createTestDatabase();
  const home = await mkdtemp(join(tmpdir(), 'aimass-sources-'));
  const database = new Client({ connectionString: url });
  await database.connect();
  const running: SourcesUnderTest[] = [];
  return {
    database,
    start: async (settings = {}) => {
      const started = await startService({ DATABASE_URL: url, HOME_DIR: home, ...settings });
      running.push(started);
      return started;
    },
    dispose: async () => {
      await database.end();
      for (const each of running) await each.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function startService(settings: Readonly<Record<string, unknown>>): Promise<SourcesUnderTest> {
  const service = await startServiceUnderTest(
    sources.SourcesServiceService,
    (GRPC_PORT) =>
      AppModule.with(
        configSchema.parse({
          GRPC_PORT,
          LOG_LEVEL: 'silent',
          NATS_URL: testNatsUrl(),
          DATABASE_POOL_SIZE: 4,
          BLOB_DIR: join(String(settings['HOME_DIR']), 'blobs'),
          EGRESS_ALLOW: '127.0.0.0/8',
          FETCH_PATIENCE_SECONDS: 5,
          TABLE_MEMORY_MB: 256,
          ...settings,
        }),
      ),
    [syncs.SyncsServiceService, dataSources.DataSourcesServiceService],
  );
  const { address } = service;
  const peer = { address, name: 'service under test' };
  const syncsClient = grpcClient(syncs.SyncsServiceService, peer);
  const datasetsClient = grpcClient(dataSources.DataSourcesServiceService, peer);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    syncsClient.close();
    datasetsClient.close();
    await service.stop();
  };
  return {
    service,
    sources: service.client,
    syncs: syncsClient,
    datasets: datasetsClient,
    stop: () => (stopped ??= stop()),
  };
}

/** A request for a source that reads `url`. */
export function httpSource(
  organizationId: string,
  url: string,
  fields: Partial<sources.CreateSourceRequest> = {},
): sources.CreateSourceRequest {
  const name = `source-${randomUUID().slice(0, 8)}`;
  return {
    organizationId,
    requestId: '',
    name,
    datasetName: name,
    config: { config: { $case: 'http', value: { url } } },
    credentials: undefined,
    recipeJson: '',
    schedule: undefined,
    ...fields,
  };
}

/** A change of nothing. */
export function noChange(organizationId: string, source: string): sources.UpdateSourceRequest {
  return {
    organizationId,
    source,
    expectedRevision: 0,
    config: undefined,
    credentials: undefined,
    clearCredentials: false,
    recipeJson: undefined,
    schedule: undefined,
    clearSchedule: false,
  };
}

/** The sync when it has ended. */
export function ended(under: SourcesUnderTest, organizationId: string, syncId: string): Promise<syncs.Sync> {
  return eventually(async () => {
    const { sync } = await under.syncs.getSync({ organizationId, syncId });
    return sync?.finishedAt ? sync : undefined;
  });
}

/** An HTTP server on loopback whose answer each test says. */
export class FileServer {
  answer: RequestListener = (_, response) => response.end();

  private constructor(private readonly server: TestHttpServer) {}

  static async start(): Promise<FileServer> {
    const files: FileServer = new FileServer(
      await startHttpServer((request, response) => files.answer(request, response)),
    );
    return files;
  }

  /** Requests so far. */
  get requests(): readonly IncomingMessage[] {
    return this.server.requests;
  }

  /** From now on sends this text as CSV, with an ETag when one is given. */
  serve(text: string, etag?: string): void {
    this.answer = (request, response) => {
      if (etag !== undefined) response.setHeader('etag', etag);
      if (etag !== undefined && request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
      } else {
        response.setHeader('content-type', 'text/csv').end(text);
      }
    };
  }

  url(path = '/table.csv'): string {
    return `${this.server.origin}${path}`;
  }

  stop(): Promise<void> {
    return this.server.close();
  }
}
