import 'reflect-metadata';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { dataSources, training } from '@aimass/contracts';
import { DomainError, KINDS } from '@aimass/platform-errors';
import type { ErrorKind } from '@aimass/platform-errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GrpcController } from './grpc-controller.js';
import { GrpcErrorFilter } from './grpc-error.filter.js';
import { grpcClient } from './grpc-client.js';
import { grpcServerOptions } from './grpc-server.js';
import type { GrpcClient, GrpcHandlers, UnaryContext } from './service-types.js';

/** A few rpcs of different shapes, behind one real server. */
const definition = {
  getDatasetVersion: dataSources.DataSourcesServiceService.getDatasetVersion,
  createDataset: dataSources.DataSourcesServiceService.createDataset,
  upload: dataSources.DataSourcesServiceService.upload,
  watchJob: training.TrainingServiceService.watchJob,
};
type Handlers = GrpcHandlers<typeof definition>;

const unused = (): never => {
  throw new Error('this test does not call it');
};
let handlers: Handlers;

@GrpcController(definition)
class TestController implements Handlers {
  getDatasetVersion(request: dataSources.GetDatasetVersionRequest, context?: UnaryContext) {
    return handlers.getDatasetVersion(request, context);
  }
  createDataset(request: dataSources.CreateDatasetRequest) {
    return handlers.createDataset(request);
  }
  upload(requests: AsyncIterable<dataSources.UploadRequest>) {
    return handlers.upload(requests);
  }
  watchJob(request: training.WatchJobRequest) {
    return handlers.watchJob(request);
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

let app: INestMicroservice;
let client: GrpcClient<typeof definition>;

beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  app = await NestFactory.createMicroservice(TestModule, {
    ...grpcServerOptions(address, [definition]),
    logger: false,
  });
  app.useGlobalFilters(new GrpcErrorFilter());
  await app.listen();
  client = grpcClient(definition, { address, name: 'test', deadlineMs: 5_000 });
});

afterAll(async () => {
  client.close();
  await app.close();
});

beforeEach(() => {
  handlers = { getDatasetVersion: unused, createDataset: unused, upload: unused, watchJob: unused };
});

const getVersion = { organizationId: 'org_a', dataset: 'tips', number: 1, versionId: '' };
const creation = {
  organizationId: 'org_a',
  requestId: '',
  name: 'tips',
  uploadId: 'upl_1',
  recipeJson: '',
  derivedFrom: undefined,
};
const watching = { organizationId: 'org_a', jobId: 'job_1', afterSequence: '0' };
const chunk = (bytes: number): dataSources.UploadRequest => ({
  part: { $case: 'chunk', value: Buffer.alloc(bytes) },
});

describe('a message', () => {
  it('arrives as it was sent: 64-bit, enum, optional, nested and Timestamp fields', async () => {
    const version: dataSources.DatasetVersion = {
      id: 'dsv_1',
      datasetId: 'ds_1',
      datasetName: 'Trinkgeld, 小费',
      number: 4_294_967_295,
      rowCount: '18446744073709551615',
      droppedRowCount: '9007199254740993',
      columns: [
        {
          name: 'tip',
          type: dataSources.ColumnType.DOUBLE,
          nullCount: '0',
          distinctCount: '1',
          // Present though zero and empty: not the same as absent.
          min: '',
          mean: 0,
          quartiles: [0.1, -0, 1e308],
          storedType: 'DOUBLE',
          tensor: undefined,
        },
      ],
      sha256: '',
      sizeBytes: '0',
      uploadId: '',
      createdAt: new Date('2026-11-23T00:00:00.123Z'),
      kind: dataSources.DatasetKind.TABLE,
      recipeJson: '{}',
      manifestDigest: '',
      syncId: '',
      quality: undefined,
    };
    handlers.getDatasetVersion = () => Promise.resolve({ version });
    const { version: received } = await client.getDatasetVersion(getVersion);
    expect(received).toEqual(version);
    expect(received?.columns[0]).toMatchObject({ min: '', mean: 0 });
    expect(received?.columns[0]?.max).toBeUndefined();
  });

  it('keeps which part of a oneof it holds', async () => {
    const received: dataSources.UploadRequest[] = [];
    const sent: dataSources.UploadRequest[] = [
      {
        part: {
          $case: 'header',
          value: { organizationId: 'org_a', filename: '', expectedSha256: '', expectedSizeBytes: '0' },
        },
      },
      { part: { $case: 'chunk', value: Buffer.from([0, 255]) } },
      { part: undefined },
    ];
    handlers.upload = async (requests) => {
      for await (const request of requests) received.push(request);
      return { upload: undefined };
    };
    await client.upload(from(sent));
    expect(received).toEqual(sent);
  });
});

describe('a DomainError', () => {
  it.each(Object.keys(KINDS) as ErrorKind[])('of kind %s survives the hop', async (kind) => {
    const violations = [{ path: 'ratios.train', message: 'größer als 0' }];
    const thrown = new DomainError(kind, 'data_sources.broken', 'Was zu tun ist: 100 %.', { violations });
    handlers.createDataset = () => Promise.reject(thrown);
    await expect(client.createDataset(creation)).rejects.toMatchObject({
      name: 'DomainError',
      kind,
      code: 'data_sources.broken',
      message: thrown.message,
      violations,
    });
  });

  it('survives with very many violations', async () => {
    const violations = Array.from({ length: 5_000 }, (_, row) => ({
      path: `rows.${row}`,
      message: 'is not a number; correct it or leave the cell empty',
    }));
    handlers.createDataset = () => Promise.reject(new DomainError('invalid', 'x', 'Wrong.', { violations }));
    const error: unknown = await client.createDataset(creation).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid', code: 'x' });
    const received = error instanceof DomainError ? error.violations : [];
    expect(received.slice(0, 100)).toEqual(violations.slice(0, 100));
    expect(received.at(-1)?.message).toBe(`and ${violations.length - received.length + 1} more`);
  });

  it('survives with a very long message', async () => {
    handlers.createDataset = () => Promise.reject(new DomainError('invalid', 'x', 'ü'.repeat(100_000)));
    await expect(client.createDataset(creation)).rejects.toMatchObject({ code: 'x' });
  });

  it('hides what nobody foresaw', async () => {
    handlers.createDataset = () => Promise.reject(new Error('password=hunter2'));
    const error: unknown = await client.createDataset(creation).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'internal', code: 'internal' });
    expect(String(error)).not.toContain('hunter2');
  });

  it('survives out of a stream of requests and out of a stream of responses', async () => {
    const refused = new DomainError('forbidden', 'not_yours', 'No.');
    handlers.upload = () => Promise.reject(refused);
    await expect(client.upload(from([chunk(1)]))).rejects.toMatchObject({ code: 'not_yours' });
    handlers.watchJob = async function* () {
      yield { job: undefined, points: [] };
      await Promise.reject(refused);
    };
    await expect(collect(client.watchJob(watching))).rejects.toMatchObject({ code: 'not_yours' });
  });
});

describe('a call', () => {
  it('ends at its deadline, as unavailable', async () => {
    handlers.createDataset = () => new Promise(() => undefined);
    const started = Date.now();
    await expect(client.createDataset(creation, { deadlineMs: 200 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'service_unavailable',
    });
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('tells its handler how much time is left', async () => {
    const left: number[] = [];
    handlers.getDatasetVersion = (_, context) => {
      left.push(context?.timeLeftMs() ?? 0);
      return Promise.resolve({ version: undefined });
    };
    await client.getDatasetVersion(getVersion, { deadlineMs: 60_000 });
    expect(left[0]).toBeGreaterThan(50_000);
    expect(left[0]).toBeLessThanOrEqual(60_000);
  });

  it('ends when its signal aborts, also when it has aborted before', async () => {
    handlers.createDataset = () => new Promise(() => undefined);
    const abort = new AbortController();
    const call = client.createDataset(creation, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(DomainError);
    await expect(client.createDataset(creation, { signal: abort.signal })).rejects.toBeInstanceOf(
      DomainError,
    );
    const uploading = client.upload(endless(), { signal: abort.signal });
    await expect(uploading).rejects.toBeInstanceOf(DomainError);
    const watch = collect(client.watchJob(watching, { signal: abort.signal }));
    await expect(watch).rejects.toBeInstanceOf(DomainError);
  });

  const failingTwice = (answer: () => Promise<never>) => {
    let calls = 0;
    const attempt = () => (++calls <= 2 ? Promise.reject(unavailable) : answer());
    return { attempt, count: () => calls };
  };
  const unavailable = new DomainError('unavailable', 'down', 'Later.');

  it('that reads is repeated while the service is unavailable', async () => {
    const server = failingTwice(() => Promise.resolve({ version: undefined }) as Promise<never>);
    handlers.getDatasetVersion = server.attempt;
    expect(await client.getDatasetVersion(getVersion)).toEqual({ version: undefined });
    expect(server.count()).toBe(3);
  });

  it('that reads is not repeated after any other failure', async () => {
    const server = failingTwice(unused);
    handlers.getDatasetVersion = () => {
      void server.attempt().catch(() => undefined);
      return Promise.reject(new DomainError('not_found', 'gone', 'No.'));
    };
    await expect(client.getDatasetVersion(getVersion)).rejects.toMatchObject({ code: 'gone' });
    expect(server.count()).toBe(1);
  });

  it('that writes is never repeated', async () => {
    const server = failingTwice(unused);
    handlers.createDataset = server.attempt;
    await expect(client.createDataset(creation)).rejects.toMatchObject({ code: 'down' });
    expect(server.count()).toBe(1);
  });

  it('to nobody is unavailable, with the name of the service', async () => {
    const lost = grpcClient(definition, { address: `127.0.0.1:${await freePort()}`, name: 'training' });
    await expect(lost.createDataset(creation)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('training') as string,
    });
    lost.close();
  });
});

describe('a stream of requests', () => {
  it('is not sent on once the service has refused it', async () => {
    let sent = 0;
    async function* file() {
      for (; sent < 10_000; sent++) {
        yield chunk(64 * 1024);
        await Promise.resolve();
      }
    }
    handlers.upload = async (requests) => {
      for await (const _request of requests) throw new DomainError('too_large', 'upload_too_large', 'No.');
      return { upload: undefined };
    };
    await expect(client.upload(file())).rejects.toMatchObject({ kind: 'too_large' });
    expect(sent).toBeLessThan(5_000);
  });

  it('that breaks off never looks complete to the service', async () => {
    const outcome = new Promise((resolve) => {
      handlers.upload = async (requests) => {
        try {
          for await (const _request of requests);
          resolve('complete');
        } catch (error) {
          resolve(error);
        }
        return { upload: undefined };
      };
    });
    async function* broken() {
      yield chunk(10);
      await delay(50);
      throw new Error('the disk is gone');
    }
    await expect(client.upload(broken())).rejects.toThrow('the disk is gone');
    expect(await outcome).toBeInstanceOf(Error);
  });
});

describe('a stream of responses', () => {
  const response = { job: undefined, points: [] };

  it('arrives whole and in order', async () => {
    handlers.watchJob = async function* () {
      for (let sequence = 1; sequence <= 500; sequence++) {
        yield {
          job: undefined,
          points: [{ sequence: String(sequence), metric: 'loss', trial: '', epoch: '1', value: sequence }],
        };
        await Promise.resolve();
      }
    };
    const received = await collect(client.watchJob(watching));
    expect(received.map(({ points }) => points[0]?.value)).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  });

  it('ends in the service when the client stops listening', async () => {
    const ended = new Promise<void>((resolve) => {
      handlers.watchJob = async function* () {
        try {
          for (;;) {
            yield response;
            await delay(10);
          }
        } finally {
          resolve();
        }
      };
    });
    for await (const received of client.watchJob(watching)) {
      expect(received).toEqual(response);
      break;
    }
    await ended;
  });

  it('is made no faster than it is read, and ends when its slow reader goes away', async () => {
    const points = [{ sequence: '1', metric: 'x'.repeat(1024 * 1024), trial: '', epoch: '1', value: 1 }];
    let made = 0;
    const ended = new Promise<void>((resolve) => {
      handlers.watchJob = async function* () {
        try {
          for (; made < 500; made++) yield await Promise.resolve({ job: undefined, points });
        } finally {
          resolve();
        }
      };
    });
    for await (const _received of client.watchJob(watching)) {
      await delay(300);
      break;
    }
    await ended;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(50);
  });

  it('ends in the service when the signal aborts', async () => {
    const abort = new AbortController();
    const ended = new Promise<void>((resolve) => {
      handlers.watchJob = async function* () {
        try {
          for (;;) {
            yield response;
            await delay(10);
          }
        } finally {
          resolve();
        }
      };
    });
    const listening = (async () => {
      for await (const _received of client.watchJob(watching, { signal: abort.signal })) abort.abort();
    })();
    await expect(listening).rejects.toBeInstanceOf(DomainError);
    await ended;
  });
});

describe('GrpcController', () => {
  it('refuses a class that lacks a method', () => {
    class Incomplete {
      readonly name = 'incomplete';
    }
    expect(() => GrpcController(definition)(Incomplete)).toThrow('has no method getDatasetVersion');
  });
});

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

async function* endless(): AsyncGenerator<dataSources.UploadRequest> {
  for (;;) {
    yield chunk(1);
    await delay(5);
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
