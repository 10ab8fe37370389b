import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, datasetVersions, splits } from '@aimass/contracts';
import { createTestDatabase, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';

const definition = dataSources.DataSourcesServiceService;
export const MiB = 1024 * 1024;
export const UPLOAD_LIMIT_BYTES = 160 * MiB;
export const organizationId = `org_${randomUUID()}`;
export const stranger = `org_${randomUUID()}`;
/** Of an import without a recipe. */
export const plain = { recipeJson: '', derivedFrom: undefined };
export let service: ServiceUnderTest<typeof definition>;
export let home: string;
export let database: Client;

/**
 * Starts the service behind real gRPC for the tests of this file, each of which must leave no temporary file. `settings`
 * replace those of the tests.
 */
export function useService(settings: Readonly<Record<string, number>> = {}): void {
  beforeAll(async () => {
    const DATABASE_URL = await createTestDatabase();
    home = await mkdtemp(join(tmpdir(), 'aimass-data-sources-'));
    service = await startServiceUnderTest(
      definition,
      (GRPC_PORT) =>
        AppModule.with(
          configSchema.parse({
            GRPC_PORT,
            GRPC_HOST: '127.0.0.1',
            LOG_LEVEL: 'silent',
            NATS_URL: testNatsUrl(),
            DATABASE_URL,
            DATABASE_POOL_SIZE: 4,
            BLOB_DIR: join(home, 'blobs'),
            HOME_DIR: home,
            UPLOAD_LIMIT_BYTES,
            FETCH_TIMEOUT_SECONDS: 60,
            FETCH_MINIMUM_BYTES_PER_SECOND: 1024,
            FETCH_PATIENCE_SECONDS: 1,
            TABLE_MEMORY_MB: 512,
            TABLE_THREADS: 2,
            TABLE_PARALLEL: 2,
            ...settings,
          }),
        ),
      [splits.SplitsServiceService, datasetVersions.DatasetVersionsServiceService],
    );
    database = new Client({ connectionString: DATABASE_URL });
    await database.connect();
  });

  afterAll(async () => {
    await database.end();
    await service.stop();
    await rm(home, { recursive: true, force: true });
  });

  afterEach(async () => {
    // Every operation takes its temporary files with it, whether it went well or not.
    const folder = join(home, 'tmp', 'data-sources');
    expect(existsSync(folder) ? await readdir(folder) : []).toEqual([]);
  });
}

export type Header = Partial<dataSources.UploadHeader>;

export function header(fields: Header): dataSources.UploadRequest {
  const value = {
    organizationId,
    filename: 'table.csv',
    expectedSha256: '',
    expectedSizeBytes: '0',
    ...fields,
  };
  return { part: { $case: 'header', value } };
}

/** A request stream from a generator; what the generator throws, the stream throws. */
export async function* streamOf(
  requests: Iterable<dataSources.UploadRequest>,
): AsyncGenerator<dataSources.UploadRequest> {
  for (const request of requests) yield await Promise.resolve(request);
}

function* chunked(content: Buffer, fields: Header): Generator<dataSources.UploadRequest> {
  yield header(fields);
  for (let at = 0; at < content.length; at += MiB) {
    yield { part: { $case: 'chunk', value: content.subarray(at, at + MiB) } };
  }
}

export async function send(content: string | Buffer, fields: Header = {}): Promise<dataSources.Upload> {
  return uploaded(await service.client.upload(streamOf(chunked(Buffer.from(content as string), fields))));
}

export function uploaded({ upload }: dataSources.UploadResponse): dataSources.Upload {
  if (!upload) throw new Error('no upload in the response');
  return upload;
}

export async function create(
  name: string,
  content: string,
  recipe?: object,
): Promise<dataSources.CreateDatasetResponse> {
  const uploadId = (await send(content)).id;
  return service.client.createDataset(
    {
      ...{ organizationId, requestId: '', name, uploadId, ...plain },
      recipeJson: recipe ? JSON.stringify(recipe) : '',
    },
    { deadlineMs: 30_000 },
  );
}

export async function createFaithful(name: string): Promise<dataSources.CreateDatasetResponse> {
  return create(name, await readFile(new URL('../../../examples/old-faithful.csv', import.meta.url), 'utf8'));
}

export function getDataset(dataset: string, organization = organizationId) {
  return service.client.getDataset({ organizationId: organization, dataset });
}

export function getVersion(request: Partial<dataSources.GetDatasetVersionRequest>) {
  return service.client.getDatasetVersion({
    organizationId,
    dataset: '',
    number: 0,
    versionId: '',
    ...request,
  });
}

export function preview(dataset: string, number: number, limit: number, organization = organizationId) {
  const window = { limit, offset: '0' };
  return service.client.previewDatasetVersion({ organizationId: organization, dataset, number, ...window });
}

export function split(
  dataset: string,
  ratios: dataSources.SplitRatios | undefined,
  seed = '1',
  requestId = '',
) {
  return service.client.createSplit({
    organizationId,
    requestId,
    dataset,
    number: 1,
    ratios,
    seed,
    strategy: dataSources.SplitStrategy.RANDOM,
    column: '',
    cuts: undefined,
  });
}

export async function countRows(table: 'upload' | 'split'): Promise<number> {
  const result = await database.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
  return Number(result.rows[0]?.count);
}

/** Where the blob store keeps a blob. */
export function blobPath(digest: string): string {
  return join(home, 'blobs', digest.slice(0, 2), digest);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
