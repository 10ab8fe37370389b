import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSources, modelRegistry, trafficControl } from '@aimass/contracts';
import { generateAdminKey, pickFreePorts } from '@aimass/platform-embedded';
import { DomainError } from '@aimass/platform-errors';
import { createLogger } from '@aimass/platform-service';
import { createTestDatabase, startFakePeer, testNatsUrl } from '@aimass/testing';
import type { FakePeer } from '@aimass/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../src/config.js';
import { createGateway } from '../src/gateway.js';

let app: NestFastifyApplication;
let peers: FakePeer[];
let spool: string;
let url: string;
const adminKey = generateAdminKey();
/** Of another role, minted for the tests. */
let viewerKey: string;
/** What the services behind were asked, newest last. */
let registered: modelRegistry.RegisterModelVersionRequest[] = [];
let deployed: trafficControl.CreateDeploymentRequest[] = [];

const upload = (id: string): dataSources.Upload => ({
  id,
  filename: 'model.onnx',
  sizeBytes: '9007199254740993',
  sha256: 'ab'.repeat(32),
  createdAt: new Date(0),
});

const version = (request: modelRegistry.RegisterModelVersionRequest) =>
  modelRegistry.ModelVersion.fromPartial({
    modelName: request.modelName,
    number: 1,
    lineage: request.lineage,
  });

async function startPeers(): Promise<FakePeer[]> {
  return Promise.all([
    startFakePeer(dataSources.DataSourcesServiceService, {
      getUpload: ({ uploadId }) =>
        uploadId.startsWith('upl_')
          ? Promise.resolve({ upload: upload(uploadId) })
          : Promise.reject(new DomainError('not_found', 'data_sources.upload_not_found', 'There is none.')),
    }),
    startFakePeer(modelRegistry.ModelRegistryServiceService, {
      registerModelVersion: (request) => {
        registered.push(request);
        const kind = request.modelName === 'pickle' ? 'unsupported_media' : 'unprocessable';
        const refused = ['pickle', 'evil'].includes(request.modelName);
        if (refused)
          return Promise.reject(new DomainError(kind, `model_files.${request.modelName}`, 'Refused.'));
        return Promise.resolve({ version: version(request) });
      },
    }),
    startFakePeer(trafficControl.TrafficControlServiceService, {
      createDeployment: (request) => {
        deployed.push(request);
        return Promise.resolve({ deployment: trafficControl.Deployment.fromPartial({ name: request.name }) });
      },
    }),
  ]);
}

beforeAll(async () => {
  peers = await startPeers();
  spool = await mkdtemp(join(tmpdir(), 'aimass-gateway-'));
  const [HTTP_PORT] = await pickFreePorts(1);
  const [data, registry, traffic] = peers.map(({ address }) => address);
  const config = configSchema.parse({
    LOG_LEVEL: 'silent',
    NATS_URL: testNatsUrl(),
    DATABASE_URL: await createTestDatabase(),
    DATA_SOURCES_URL: data,
    TRAINING_URL: '127.0.0.1:9',
    MODEL_REGISTRY_URL: registry,
    TRAFFIC_CONTROL_URL: traffic,
    MARKETPLACE_URL: '127.0.0.1:9',
    HTTP_PORT,
    ADMIN_KEY: adminKey,
    SPOOL_DIR: spool,
  });
  app = await createGateway(config, createLogger('gateway', 'silent'));
  await app.listen(config.HTTP_PORT, '127.0.0.1');
  url = `http://127.0.0.1:${config.HTTP_PORT}`;
  const organization = await call('POST', '/organizations', { name: 'acme', kinds: ['vendor'] });
  expect(organization.status).toBe(201);
  const key = await call('POST', '/keys', { name: 'viewer', role: 'viewer', organization: 'acme' });
  viewerKey = String(key.body.secret);
});

afterAll(async () => {
  await app.close();
  for (const peer of peers) peer.stop();
  await rm(spool, { recursive: true });
});

beforeEach(() => {
  registered = [];
  deployed = [];
});

async function call(method: string, path: string, json?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const FILES = { files: [{ path: 'model.onnx', uploadId: 'upl_1' }] };

describe('POST /models/{model}/versions', () => {
  it('finds the uploads and asks the registry for a version, with the idempotency key', async () => {
    const signature = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
    };
    const body = {
      ...FILES,
      engine: 'onnx',
      alias: 'production',
      number: 3,
      source: 'https://x.example',
      signature,
    };
    const answer = await call('POST', '/models/neg/versions', body, { 'idempotency-key': '"key-1"' });
    expect(answer).toMatchObject({ status: 201, body: { modelName: 'neg', number: 1 } });
    expect(registered).toMatchObject([
      {
        requestId: 'key-1',
        modelName: 'neg',
        number: 3,
        alias: 'production',
        engine: 'onnx',
        format: '',
        lineage: { jobId: '', source: 'https://x.example' },
        files: [{ path: 'model.onnx', sha256: 'ab'.repeat(32), sizeBytes: '9007199254740993' }],
        signature: {
          inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '2'] }],
          outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1'] }],
        },
      },
    ]);
  });

  it('asks for nothing when an upload is not the organization’s, or the body is not what it should be', async () => {
    const absent = { files: [{ path: 'm', uploadId: 'someone-elses' }] };
    expect((await call('POST', '/models/neg/versions', absent)).status).toBe(404);
    const bodies = [
      {},
      { files: [] },
      { ...FILES, organizationId: 'org_2' },
      { ...FILES, lineage: { jobId: 'job_1' } },
      { ...FILES, engine: 'python' },
      { ...FILES, number: 0 },
      { ...FILES, signature: { inputs: [], outputs: [] } },
      { files: [{ path: 'm', uploadId: 'upl_1', sha256: 'ab' }] },
    ];
    for (const body of bodies) expect((await call('POST', '/models/neg/versions', body)).status).toBe(400);
    expect(registered).toEqual([]);
  });

  it('passes a refusal on as 415 or 422', async () => {
    expect(await call('POST', '/models/pickle/versions', FILES)).toMatchObject({
      status: 415,
      body: { code: 'model_files.pickle' },
    });
    expect((await call('POST', '/models/evil/versions', FILES)).status).toBe(422);
  });

  it('is refused to who may only read', async () => {
    const headers = { authorization: `Bearer ${viewerKey}` };
    expect((await call('POST', '/models/neg/versions', FILES, headers)).status).toBe(403);
    expect(registered).toEqual([]);
  });

  it('takes text for text: what looks like code comes back as it was', async () => {
    const source = `<img src=x onerror=alert(1)> {{7*7}} '; DROP TABLE model; --`;
    const answer = await call('POST', '/models/neg/versions', { ...FILES, source });
    expect(answer.body).toMatchObject({ lineage: { source } });
  });
});

it('a version that exists cannot be replaced', async () => {
  expect(await call('PUT', '/models/neg/versions/1', FILES)).toMatchObject({
    status: 409,
    body: { code: 'model_registry.version_immutable' },
  });
});

describe('POST /deployments', () => {
  const deploy = (variant: object) =>
    call('POST', '/deployments', { name: 'neg', variants: [{ model: 'neg', version: 1, ...variant }] });

  it('hands on how a variant is served, with zeros for what is not said', async () => {
    expect((await deploy({ serving: { maxBatchRows: 32, pinned: true } })).status).toBe(201);
    expect((await deploy({})).status).toBe(201);
    const [first, second] = deployed.map(({ variants }) => variants[0]?.serving);
    expect(first).toEqual({ maxBatchRows: 32, batchDelayUs: 0, priority: 0, maxQueueMs: 0, pinned: true });
    expect(second).toBeUndefined();
  });

  it.each([
    { maxBatchRows: 65_537 },
    { batchDelayUs: 1_000_001 },
    { priority: 10 },
    { maxQueueMs: 60_001 },
    { x: 1 },
  ])('refuses %j', async (serving) => {
    expect((await deploy({ serving })).status).toBe(400);
    expect(deployed).toEqual([]);
  });
});

it('the OpenAPI document says all of it', async () => {
  const response = await fetch(`${url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, object>> };
  expect(Object.keys(paths['/api/v1/models/{model}/versions'] ?? {})).toContain('post');
  expect(JSON.stringify(paths['/api/v1/deployments'])).toContain('maxBatchRows');
});
