import { grpcHealth, oip, trafficControl } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { inferRequest, OipGrpcClient } from './proxy/grpc-client.js';
import { keyOf, routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

// Replicas of other tests are in the same NATS: versions of our own keep them apart.
const [V1, V2] = [randomUUID(), randomUUID()].map((id) => `mv_${id}`) as [string, string];
const service = oip.GRPCInferenceServiceService;
let under: PlaneUnderTest;
let replica: FakeReplica;
let client: OipGrpcClient;
const clients: OipGrpcClient[] = [];

function clientWith(key: string | null, options = {}): OipGrpcClient {
  const made = new OipGrpcClient(under.url, key, options);
  clients.push(made);
  return made;
}

beforeAll(async () => {
  under = await startPlane({ holdMs: 1_000 });
  replica = await FakeReplica.start();
  await under.beat(replica.address, { readyModelVersionIds: [V1, V2] });
  const faithful = routeTo('faithful', V1);
  faithful.variants.push({ name: 'v2', modelVersionId: V2, versionNumber: 2, weight: 0 });
  faithful.aliases = { candidate: 2 };
  const tensor = (name: string) => ({ name, datatype: 'FP32', shape: ['-1', '4'] });
  await under.publish({
    routes: [faithful, routeTo('limited', V1, 'dep_limited'), routeTo('nowhere', `mv_${randomUUID()}`)],
    versions: [
      {
        ...{
          modelVersionId: V1,
          modelName: 'faithful',
          versionNumber: 1,
          engine: 'onnx',
          format: 'onnx',
        },
        signature: { inputs: [tensor('x')], outputs: [tensor('y')] },
        manifest: undefined,
        serving: { maxBatchRows: 32, batchDelayUs: 100, priority: 0, maxQueueMs: 0, pinned: false },
      },
    ],
    policies: [
      {
        ...{ id: 'pol_limited', target: trafficControl.PolicyTarget.DEPLOYMENT, targetId: 'dep_limited' },
        ...{ requests: 1, windowSeconds: 60, createdAt: undefined },
      },
    ],
  });
  await eventually(() => (under.plane.routes.find(under.organizationId, 'faithful') ? true : undefined));
  await eventually(() => (under.plane.replicas.isReady(V1) ? true : undefined));
  client = clientWith('am_good');
});
afterAll(async () => {
  for (const made of clients) made.close();
  await under.stop();
  replica.stop();
});

describe('ModelInfer on the port of HTTP/1.1', () => {
  it('passes the message through as it came, answers with the replica’s, and is metered', async () => {
    const request = inferRequest('faithful', { id: 'r1' });
    const { code, response } = await client.unary(service.modelInfer, request, {
      headers: { 'x-request-id': 'grpc-1', 'x-request-priority': '2' },
    });
    expect(code).toBe(status.OK);
    expect(response).toMatchObject({ modelName: 'faithful', modelVersion: V1, id: 'r1' });
    expect(response?.rawOutputContents).toEqual(request.rawInputContents);
    expect(replica.received.at(-1)).toMatchObject({
      encoding: 'BODY_ENCODING_OIP_GRPC',
      priority: 2,
      body: Buffer.from(oip.ModelInferRequest.encode(request).finish()),
    });
    await eventually(() => under.shipped.find(({ requestId }) => requestId === 'grpc-1'));
    expect((await under.infer('faithful')).status).toBe(200);
  });

  it('takes number, id and alias in the version slot', async () => {
    for (const modelVersion of ['2', V2, 'candidate']) {
      const { response } = await client.unary(service.modelInfer, inferRequest('faithful', { modelVersion }));
      expect(response?.modelVersion).toBe(V2);
    }
  });

  it.each([
    ['a model that is not there', inferRequest('absent'), status.NOT_FOUND, /No model "absent"/],
    ['no name', inferRequest(''), status.NOT_FOUND, /No model ""/],
    [
      'a version that is not there',
      inferRequest('faithful', { modelVersion: '9' }),
      status.NOT_FOUND,
      /Version 9/,
    ],
    [
      'what the model refuses',
      inferRequest('faithful', { id: 'refuse' }),
      status.INVALID_ARGUMENT,
      /^shape does not fit$/,
    ],
  ])('refuses %s with its status', async (_what, request, code, details) => {
    const outcome = await client.unary(service.modelInfer, request);
    expect([outcome.code, outcome.details]).toEqual([code, expect.stringMatching(details)]);
  });

  it('refuses bytes that are no message, and names that are too long, as the caller’s mistake', async () => {
    const raw = {
      ...service.modelInfer,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
    };
    for (const bytes of [Buffer.from([0x0a, 0xff]), Buffer.from([0x0b]), Buffer.from('{"inputs":[]}')]) {
      expect((await client.unary(raw, bytes)).code).toBe(status.INVALID_ARGUMENT);
    }
    const long = await client.unary(service.modelInfer, inferRequest('x'.repeat(2_000)));
    expect([long.code, long.details]).toEqual([
      status.INVALID_ARGUMENT,
      'Names are at most 1024 bytes long.',
    ]);
  });

  it('is UNAUTHENTICATED without a good key before the message is read, PERMISSION_DENIED without the role', async () => {
    for (const key of [null, 'am_wrong']) {
      const outcome = await clientWith(key).unary(service.modelInfer, inferRequest('faithful'));
      expect([outcome.code, outcome.details]).toEqual([
        status.UNAUTHENTICATED,
        expect.stringMatching(/API key/),
      ]);
    }
    under.keys.set('am_viewer', { ...keyOf(under.organizationId), role: 'viewer' });
    const viewer = await clientWith('am_viewer').unary(service.modelInfer, inferRequest('faithful'));
    expect(viewer.code).toBe(status.PERMISSION_DENIED);
  });

  it('is RESOURCE_EXHAUSTED over the limit, with the rate as metadata and a time to come back', async () => {
    const first = await client.unary(service.modelInfer, inferRequest('limited'));
    expect([first.code, first.headers.get('ratelimit-policy')]).toEqual([0, ['"pol_limited";q=1;w=60']]);
    const second = await client.unary(service.modelInfer, inferRequest('limited'));
    expect(second.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(second.trailers.get('ratelimit')[0]).toMatch(/^"pol_limited";r=0;t=\d+$/);
    expect(Number(second.trailers.get('retry-after')[0])).toBeGreaterThan(0);
  });

  it('is DEADLINE_EXCEEDED at the caller’s deadline, and the replica hears of it', async () => {
    replica.behaviour = 'keep';
    const startedMs = performance.now();
    const { code } = await client.unary(service.modelInfer, inferRequest('faithful'), { deadlineMs: 200 });
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    const { callId } = replica.received.at(-1) ?? { callId: -1 };
    await eventually(() => (replica.cancelled.includes(callId) ? true : undefined));
    expect(replica.received.at(-1)?.timeoutMs).toBeLessThanOrEqual(200);
    replica.behaviour = 'answer';
  });

  it('has a deadline also when the caller sets none', async () => {
    await client.unary(service.modelInfer, inferRequest('faithful'));
    expect(replica.received.at(-1)?.timeoutMs).toBeGreaterThan(0);
    expect(replica.received.at(-1)?.timeoutMs).toBeLessThanOrEqual(20_000);
  });

  it('is UNAVAILABLE with a time to come back when no replica has the version in time', async () => {
    const { code, trailers } = await client.unary(service.modelInfer, inferRequest('nowhere'));
    expect([code, trailers.get('retry-after')]).toEqual([status.UNAVAILABLE, ['1']]);
  });
});

describe('ModelStreamInfer', () => {
  const collect = (stream: ReturnType<OipGrpcClient['stream']>) => {
    const answers: oip.ModelStreamInferResponse[] = [];
    stream.on('data', (answer: oip.ModelStreamInferResponse) => answers.push(answer));
    const ended = new Promise<number>((resolve) => {
      stream.on('error', () => undefined);
      stream.on('status', ({ code }: { code: number }) => resolve(code));
    });
    return { answers, ended };
  };

  it('answers in the order of the requests, an error in its place, and goes on after it', async () => {
    const stream = client.stream();
    const { answers, ended } = collect(stream);
    for (const id of ['a', 'refuse', 'c']) stream.write(inferRequest('faithful', { id }));
    stream.write(inferRequest('absent', { id: 'd' }));
    for (let index = 0; index < 200; index++) stream.write(inferRequest('faithful', { id: `n${index}` }));
    stream.end();
    expect(await ended).toBe(status.OK);
    expect(
      answers.slice(0, 4).map(({ errorMessage, inferResponse }) => [errorMessage, inferResponse?.id]),
    ).toEqual([
      ['', 'a'],
      ['shape does not fit', 'refuse'],
      ['', 'c'],
      [expect.stringContaining('No model "absent"'), 'd'],
    ]);
    expect(answers.slice(4).map(({ inferResponse }) => inferResponse?.id)).toEqual(
      Array.from({ length: 200 }, (_, index) => `n${index}`),
    );
  });

  it('takes a bounded number of requests at a time, and cancels them when the client goes', async () => {
    replica.behaviour = 'keep';
    replica.received.length = 0;
    const stream = client.stream();
    const { ended } = collect(stream);
    for (let index = 0; index < 300; index++) stream.write(inferRequest('faithful'));
    await eventually(() => (replica.received.length >= 64 ? true : undefined));
    expect((await client.unary(service.serverReady, {})).code).toBe(status.OK);
    expect(replica.received.length).toBeLessThan(100);
    const seen = replica.received.map(({ callId }) => callId);
    stream.cancel();
    expect(await ended).toBe(status.CANCELLED);
    await eventually(() => (seen.every((id) => replica.cancelled.includes(id)) ? true : undefined));
    replica.behaviour = 'answer';
  });

  it('ends when the key is revoked', async () => {
    under.keys.set('am_brief', keyOf(under.organizationId));
    const stream = clientWith('am_brief').stream();
    const { answers, ended } = collect(stream);
    stream.write(inferRequest('faithful'));
    await eventually(() => (answers.length === 1 ? true : undefined));
    under.keys.delete('am_brief');
    stream.write(inferRequest('faithful'));
    expect(await ended).toBe(status.UNAUTHENTICATED);
  });
});

describe('what only reads', () => {
  it('tells of the server, open where it is health', async () => {
    const stranger = clientWith(null);
    expect((await stranger.unary(service.serverLive, {})).response).toEqual({ live: true });
    expect((await stranger.unary(service.serverReady, {})).response).toEqual({ ready: true });
    expect((await stranger.unary(service.serverMetadata, {})).code).toBe(status.UNAUTHENTICATED);
    expect((await client.unary(service.serverMetadata, {})).response).toMatchObject({ name: 'aimass' });
  });

  it('describes a model, its configuration and its readiness as REST does', async () => {
    const metadata = await client.unary(service.modelMetadata, { name: 'faithful', version: '' });
    expect(metadata.response).toEqual({
      ...{ name: 'faithful', versions: ['1', '2'], platform: 'onnxruntime_onnx', properties: {} },
      inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '4'] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1', '4'] }],
    });
    const { response } = await client.unary(service.modelConfig, { name: 'faithful', version: '1' });
    expect(response?.config).toMatchObject({
      ...{ maxBatchSize: 32, backend: 'onnxruntime' },
      input: [{ name: 'x', dataType: 'TYPE_FP32', dims: ['4'] }],
      dynamicBatching: { maxQueueDelayMicroseconds: '100' },
    });
    expect((await client.unary(service.modelReady, { name: 'faithful', version: '' })).response).toEqual({
      ready: true,
    });
    expect((await client.unary(service.modelReady, { name: 'absent', version: '' })).code).toBe(
      status.NOT_FOUND,
    );
  });
});

describe('grpc.health.v1', () => {
  const { check, watch } = grpcHealth.HealthService;

  it('checks the server and the service without a key, and knows no other', async () => {
    const stranger = clientWith(null);
    for (const name of ['', 'inference.GRPCInferenceService']) {
      expect((await stranger.unary(check, { service: name })).response).toEqual({ status: 'SERVING' });
    }
    expect((await stranger.unary(check, { service: 'other' })).code).toBe(status.NOT_FOUND);
  });

  it('watches: says the present state at once', async () => {
    const stream = clientWith(null).client.makeServerStreamRequest(
      watch.path,
      watch.requestSerialize,
      watch.responseDeserialize,
      { service: '' },
    );
    stream.on('error', () => undefined);
    const seen: string[] = [];
    stream.on('data', (answer: grpcHealth.HealthCheckResponse) => seen.push(answer.status));
    await eventually(() => (seen.length === 1 ? true : undefined));
    expect(seen).toEqual(['SERVING']);
    stream.cancel();
  });
});
