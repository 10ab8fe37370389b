import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grpcHealth, oip } from '@aimass/contracts';
import { pickFreePorts } from '@aimass/platform-embedded';
import { newId } from '@aimass/platform-persistence';
import { eventually } from '@aimass/testing';
import { ask, Surroundings } from './replica-under-test.js';
import type { Replica } from './replica-under-test.js';

const [first, second] = [newId('mv'), newId('mv')];
let around: Surroundings;
let replica: Replica;
let url: string;
let grpc: Client;

beforeAll(async () => {
  around = await Surroundings.create();
  const [port] = await pickFreePorts(1);
  url = `http://127.0.0.1:${port}`;
  replica = await around.startReplica({ HTTP_PORT: String(port) });
  grpc = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const versions = [
    await around.lineVersion(first, 2, 1),
    { ...(await around.lineVersion(second, 3, 0)), versionNumber: 2 },
  ];
  const variants = versions.map(({ modelVersionId, versionNumber }, i) => ({
    name: `v${i}`,
    modelVersionId,
    versionNumber,
    weight: i === 0 ? 90 : 10,
  }));
  const route = {
    name: 'line',
    deploymentId: newId('dep'),
    ownerOrganizationId: around.organizationId,
    variants,
    aliases: { next: 2 },
    subscriptionId: '',
  };
  await around.route(versions, [route]);
  await around.untilReady(replica, [first, second]);
});
afterAll(async () => {
  grpc.close();
  await replica.stop();
  await around.close();
});

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(url + path);
  return { status: answer.status, body: await answer.json() };
}

async function post(path: string, body: unknown = {}, headers: Record<string, string> = {}) {
  const raw = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
  const answer = await fetch(url + path, { method: 'POST', body: raw, headers });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

async function infer(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const { status, body: answer } = await post(`/v2/models/${path}/infer`, body);
  return { status, body: JSON.parse(answer.toString()) as unknown };
}

type Method = (typeof oip.GRPCInferenceServiceService)[keyof typeof oip.GRPCInferenceServiceService];

function call<Answer>(
  method: Method | typeof grpcHealth.HealthService.check,
  request: object,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    grpc.makeUnaryRequest(
      method.path,
      method.requestSerialize as (value: object) => Buffer,
      method.responseDeserialize as (bytes: Buffer) => Answer,
      request,
      new Metadata(),
      (error: ServiceError | null, answer?: Answer) =>
        answer === undefined ? reject(error ?? new Error('no answer')) : resolve(answer),
    );
  });
}

describe('an operator over REST, without a key', () => {
  it('reads what the replica is and has', async () => {
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } });
    expect(await get('/v2')).toMatchObject({
      status: 200,
      body: {
        name: 'aimass-inference',
        extensions: expect.arrayContaining(['binary_tensor_data', 'statistics']) as string[],
      },
    });
    expect(await get('/v2/models')).toEqual({
      status: 200,
      body: { models: expect.arrayContaining(['line']) as string[] },
    });
    expect(await get('/v2/models/line')).toEqual({
      status: 200,
      body: {
        name: 'line',
        versions: ['1', '2'],
        platform: 'tensorflow_layers',
        inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
        outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
      },
    });
    expect(await get('/v2/models/line/config')).toMatchObject({ status: 200, body: { max_batch_size: 64 } });
    expect(await get('/v2/models/line/ready')).toMatchObject({ status: 200, body: { ready: true } });
    expect(await get('/v2/models/nobody')).toMatchObject({ status: 404 });
  });

  it.each([
    ['line', 1, 7],
    ['line/versions/2', 2, 9],
    ['line/versions/next', 2, 9],
    [first, 1, 7],
    [second, 2, 9],
  ])('asks for a prediction of %s', async (path, version, prediction) => {
    const { status, body } = await infer(path, ask(3));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model_name: path.split('/')[0],
      model_version: String(version),
      outputs: [{ name: 'prediction', shape: [1, 1], data: [prediction] }],
    });
  });

  it('calls a model by its organization as well', async () => {
    expect(await infer(`${around.organizationId}/line`, ask(3))).toMatchObject({ status: 200 });
  });

  it('sends and gets raw tensors', async () => {
    const raw = Buffer.alloc(4);
    raw.writeFloatLE(3);
    const answer = await post('/v2/models/line/infer', raw, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': '0',
    });
    expect(answer.status).toBe(200);
    const jsonLength = Number(answer.headers.get('inference-header-content-length'));
    expect(answer.body.subarray(jsonLength).readFloatLE()).toBe(7);
  });

  it("hears in the protocol's form what is wrong", async () => {
    expect(await infer('line', ask('x'))).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('element 0 of "data" is "x"') as string },
    });
    expect(await infer('line/versions/9', ask(1))).toMatchObject({ status: 404 });
    expect(await infer('nobody', ask(1))).toMatchObject({ status: 404 });
  });

  it('takes a version out of memory, whose calls are refused then, and brings it back', async () => {
    const path = `/v2/repository/models/line/versions/2`;
    expect((await post(`${path}/unload`)).status).toBe(200);
    expect(await infer('line/versions/2', ask(1))).toMatchObject({ status: 503 });
    expect(await infer('line/versions/1', ask(1))).toMatchObject({ status: 200 });
    const index = await post('/v2/repository/index');
    // Tests that run beside this one have versions of their own here.
    const own = (JSON.parse(index.body.toString()) as { name: string }[]).filter(
      ({ name }) => name === 'line',
    );
    expect(own).toEqual([
      { name: 'line', version: '1', state: 'READY', reason: '' },
      { name: 'line', version: '2', state: 'UNAVAILABLE', reason: 'unloaded' },
    ]);
    expect((await post(`${path}/load`)).status).toBe(200);
    expect(await infer('line/versions/2', ask(1))).toMatchObject({ status: 200 });
  });
});

describe('an operator over gRPC, at the same port', () => {
  const contents = { fp32Contents: [3] };
  const request = oip.ModelInferRequest.fromPartial({
    modelName: 'line',
    id: 'q',
    inputs: [{ name: 'features', datatype: 'FP32', shape: ['1', '1'], contents }],
  });

  it('asks for a prediction and gets it in the form of the question', async () => {
    const { modelInfer } = oip.GRPCInferenceServiceService;
    const answer = await call<oip.ModelInferResponse>(modelInfer, request);
    expect(answer).toMatchObject({
      modelName: 'line',
      modelVersion: '1',
      id: 'q',
      outputs: [{ name: 'prediction', contents: { fp32Contents: [7] } }],
    });
    const refused = call(modelInfer, { ...request, modelVersion: '9' });
    await expect(refused).rejects.toMatchObject({ code: 5 });
    await expect(call(modelInfer, { ...request, inputs: [] })).rejects.toMatchObject({
      code: 3,
      details: 'Input "features" is missing.',
    });
  });

  it('reads health and statistics, which count what was asked here', async () => {
    const { check } = grpcHealth.HealthService;
    expect(await call(check, { service: 'inference.GRPCInferenceService' })).toEqual({ status: 'SERVING' });
    const { modelStatistics } = oip.GRPCInferenceServiceService;
    const before = await call<oip.ModelStatisticsResponse>(modelStatistics, { name: 'line', version: '1' });
    await call(oip.GRPCInferenceServiceService.modelInfer, request);
    await eventually(async () => {
      const after = await call<oip.ModelStatisticsResponse>(modelStatistics, { name: 'line', version: '1' });
      const counts = [before, after].map(({ modelStats }) => Number(modelStats[0]?.inferenceCount));
      return counts[1] === (counts[0] ?? 0) + 1 ? true : undefined;
    });
  });
});
