import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, uploads } from '@aimass/contracts';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { createTestDatabase, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';

const definition = dataSources.DataSourcesServiceService;
export const MiB = 1024 * 1024;
export const UPLOAD_LIMIT_BYTES = 1024 * MiB;

/** A service that takes uploads, with its clients. */
export interface UploadsUnderTest {
  readonly service: Pick<ServiceUnderTest<typeof definition>, 'client'>;
  readonly uploads: GrpcClient<typeof uploads.UploadsServiceService>;
}

/** One that can be stopped. */
interface Running extends UploadsUnderTest {
  readonly service: ServiceUnderTest<typeof definition>;
}

/** A database and a blob store, on which services are started, one after the other or several at once. */
export class UploadsHome {
  private readonly running: Running[] = [];

  private constructor(
    readonly folder: string,
    readonly databaseUrl: string,
  ) {}

  static async open(): Promise<UploadsHome> {
    return new UploadsHome(await mkdtemp(join(tmpdir(), 'aimass-uploads-')), await createTestDatabase());
  }

  /** The configuration of a service of this home, but for its port. */
  config(settings: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return {
      LOG_LEVEL: 'silent',
      NATS_URL: testNatsUrl(),
      DATABASE_URL: this.databaseUrl,
      DATABASE_POOL_SIZE: 4,
      BLOB_DIR: join(this.folder, 'blobs'),
      HOME_DIR: this.folder,
      TABLE_MEMORY_MB: 256,
      UPLOAD_LIMIT_BYTES,
      ...settings,
    };
  }

  async start(settings: Readonly<Record<string, unknown>> = {}): Promise<UploadsUnderTest> {
    const config = this.config(settings);
    const service = await startServiceUnderTest(
      definition,
      (GRPC_PORT) => AppModule.with(configSchema.parse({ GRPC_PORT, ...config })),
      [uploads.UploadsServiceService],
    );
    const client = grpcClient(uploads.UploadsServiceService, { address: service.address, name: 'uploads' });
    const started = { service, uploads: client };
    this.running.push(started);
    return started;
  }

  async stop(): Promise<void> {
    for (const { service, uploads: client } of this.running.splice(0)) {
      client.close();
      await service.stop();
    }
  }

  /** Stops everything and removes what is there. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The stored bytes of a digest. */
  readBlob(sha256: string): Promise<Buffer> {
    return readFile(join(this.folder, 'blobs', sha256.slice(0, 2), sha256));
  }

  /** Bytes that lie on the disk for an open upload, whether they count already or not. */
  async partialBytes(uploadId: string): Promise<number> {
    const folder = join(this.folder, 'blobs', 'partial', uploadId);
    const files = await readdir(folder).catch(() => []);
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** The uploads that have files besides their blobs. */
  partialUploads(): Promise<string[]> {
    return readdir(join(this.folder, 'blobs', 'partial')).catch(() => []);
  }
}

/** An organization that nobody else has. */
export const organizationId = `org_${randomUUID()}`;

export function digestOf(content: Uint8Array, algorithm = 'sha256'): Buffer {
  return createHash(algorithm).update(content).digest();
}

/** A new upload of this size; returns its id. */
export async function createUpload(
  { uploads: client }: UploadsUnderTest,
  sizeBytes: number,
  fields: Partial<uploads.CreateUploadRequest> = {},
): Promise<string> {
  const request = {
    organizationId,
    filename: 't.csv',
    sizeBytes: String(sizeBytes),
    metadata: '',
    ...fields,
  };
  return (await client.createUpload(request)).upload?.id ?? '';
}

/** What an append may carry besides its bytes. */
export interface AppendFields {
  readonly checksumAlgorithm?: string;
  readonly checksum?: Buffer;
  /** Fails the request in place of its end. */
  readonly cut?: boolean;
  readonly organizationId?: string;
}

/** Adds bytes at an offset; returns the upload as it is then. */
export async function append(
  { uploads: client }: UploadsUnderTest,
  [uploadId, offsetBytes]: readonly [string, number],
  content: Buffer | Iterable<Buffer>,
  fields: AppendFields = {},
): Promise<uploads.PartialUpload | undefined> {
  const { cut = false, ...rest } = fields;
  const value = {
    ...{ organizationId, uploadId, offsetBytes: String(offsetBytes), checksumAlgorithm: '' },
    ...{ checksum: Buffer.alloc(0), ...rest },
  };
  const chunks = Buffer.isBuffer(content) ? chunksOf(content) : content;
  async function* requests(): AsyncGenerator<uploads.AppendUploadRequest> {
    yield await Promise.resolve({ part: { $case: 'header' as const, value } });
    for (const chunk of chunks) yield { part: { $case: 'chunk', value: chunk } };
    if (cut) throw new Error('the client is gone');
  }
  return (await client.appendUpload(requests(), { deadlineMs: 120_000 })).upload;
}

export function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 64 * 1024) yield content.subarray(at, at + 64 * 1024);
}

/** How many bytes of an upload are there. */
export async function offsetOf({ uploads: client }: UploadsUnderTest, uploadId: string): Promise<number> {
  const { upload } = await client.getUploadOffset({ organizationId, uploadId });
  return Number(upload?.offsetBytes);
}
