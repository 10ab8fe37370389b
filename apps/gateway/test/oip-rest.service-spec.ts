import { oip, replica as replicas } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { OipGrpcClient } from './proxy/grpc-client.js';
import { keyOf, routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

// Replicas of other tests are in the same NATS: versions of our own keep them apart.
const [V1, V2, V3] = [randomUUID(), randomUUID(), randomUUID()].map((id) => `mv_${id}`) as [
  string,
  string,
  string,
];
const service = oip.GRPCInferenceServiceService;
const { VersionState } = replicas;
let under: PlaneUnderTest;
let first: FakeReplica;
let second: FakeReplica;
let operator: OipGrpcClient;

const statusOf = (modelVersionId: string, more: object): replicas.ServedVersionStatus =>
  replicas.ServedVersionStatus.fromPartial({ modelVersionId, modelName: 'own', versionNumber: 1, ...more });

beforeAll(async () => {
  under = await startPlane();
  [first, second] = await Promise.all([FakeReplica.start(), FakeReplica.start()]);
  for (const { address } of [first, second]) await under.beat(address, { readyModelVersionIds: [V1] });
  under.keys.set('am_operator', { ...keyOf(under.organizationId), role: 'operator' });
  under.keys.set('am_other', keyOf('org_other'));
  const own = { ...routeTo('own', V1), ownerOrganizationId: under.organizationId };
  own.variants.push({ name: 'v2', modelVersionId: V2, versionNumber: 2, weight: 0 });
  await under.publish({
    routes: [own, routeTo('acme/iris', V3)],
    versions: [
      {
        ...{ modelVersionId: V1, modelName: 'own', versionNumber: 1 },
        ...{ engine: 'tensorflow', format: 'saved-model', manifest: undefined, serving: undefined },
        signature: {
          inputs: [{ name: 'text', datatype: 'BYTES', shape: ['-1'] }],
          outputs: [{ name: 'y', datatype: 'FP32', shape: ['3'] }],
        },
      },
    ],
  });
  await eventually(() => (under.plane.routes.find(under.organizationId, 'own') ? true : undefined));
  await eventually(() => (under.plane.replicas.usableAddresses().length >= 2 ? true : undefined));
  operator = new OipGrpcClient(under.url, 'am_operator');
});
afterAll(async () => {
  operator.close();
  await under.stop();
  first.stop();
  second.stop();
});

async function call(method: string, path: string, key = 'am_good', body?: string) {
  const response = await fetch(`${under.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
}
const error = (text: string) => ({ error: expect.stringContaining(text) as string });

describe('the list of models and their configuration', () => {
  it('names what the organization may call, and nothing else', async () => {
    expect(await call('GET', '/v2/models')).toEqual({ status: 200, json: { models: ['acme/iris', 'own'] } });
    expect(await call('GET', '/v2/models', 'am_other')).toEqual({ status: 200, json: { models: [] } });
  });

  it('has Triton’s form: whole dims and no batching when the first dimension of some tensor is fixed', async () => {
    expect(await call('GET', '/v2/models/own/versions/1/config')).toEqual({
      status: 200,
      json: {
        ...{ name: 'own', platform: 'tensorflow_savedmodel', backend: 'tensorflow', max_batch_size: 0 },
        input: [{ name: 'text', data_type: 'TYPE_STRING', dims: [-1] }],
        output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [3] }],
      },
    });
    expect((await call('GET', '/v2/models/absent/config')).status).toBe(404);
    expect((await call('POST', '/v2/models/own/config')).status).toBe(405);
  });
});

describe('statistics', () => {
  it('are summed over the replicas, one entry a version, and told the same over gRPC', async () => {
    const done = (count: string, ns: string) => ({
      statistics: { inferenceCount: count, executionCount: '1', success: { count, ns } },
    });
    first.statuses.push(statusOf(V1, done('3', '9007199254740993')));
    second.statuses.push(statusOf(V1, done('2', '7')), statusOf(V2, done('5', '1')));
    const { status, json } = await call('GET', '/v2/models/own/stats');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      model_stats: [
        { name: 'own', version: '1', inference_count: 5, execution_count: 2 },
        { name: 'own', version: '2', inference_count: 5, inference_stats: { success: { count: 5, ns: 1 } } },
      ],
    });
    const grpc = await operator.unary(service.modelStatistics, { name: 'own', version: '1' });
    expect(grpc.response?.modelStats).toMatchObject([
      {
        version: '1',
        inferenceStats: { success: { count: '5', ns: '9007199254741000' }, cacheHit: { count: '0' } },
      },
    ]);
    const all = (await call('GET', '/v2/models/stats')).json as { model_stats: { name: string }[] };
    expect(all.model_stats.map(({ name }) => name)).toEqual(['acme/iris', 'own', 'own']);
    expect((await call('GET', '/v2/models/own/versions/9/stats')).status).toBe(404);
    expect((await call('GET', '/v2/models/own/stats', 'am_other')).status).toBe(404);
  });
});

describe('the repository', () => {
  it('lists every version with its state and why it is not ready', async () => {
    first.statuses.splice(0, 9, statusOf(V1, { state: VersionState.READY }));
    second.statuses.splice(
      0,
      9,
      statusOf(V1, { state: VersionState.LOADING }),
      statusOf(V2, { state: VersionState.QUARANTINED, reason: 'it ended the process twice' }),
    );
    const ready = { name: 'own', version: '1', state: 'READY', reason: '' };
    expect((await call('POST', '/v2/repository/index')).json).toEqual([
      { name: 'acme/iris', version: '1', state: 'UNAVAILABLE', reason: 'no replica has it yet' },
      ready,
      { name: 'own', version: '2', state: 'UNAVAILABLE', reason: 'it ended the process twice' },
    ]);
    expect((await call('POST', '/v2/repository/index', 'am_good', '{"ready":true}')).json).toEqual([ready]);
    const grpc = await operator.unary(service.repositoryIndex, { repositoryName: '', ready: true });
    expect(grpc.response?.models).toEqual([ready]);
    for (const body of ['{"ready":"yes"}', '{', '[]']) {
      expect((await call('POST', '/v2/repository/index', 'am_good', body)).status).toBe(400);
    }
  });

  it('loads and unloads on every replica for whoever operates the model', async () => {
    first.loads.length = 0;
    expect(await call('POST', '/v2/repository/models/own/load', 'am_operator')).toEqual({ status: 200 });
    expect([first.loads, second.loads]).toEqual([
      [V1, V2],
      [V1, V2],
    ]);
    const path = '/v2/repository/models/own/versions/2/unload';
    expect(
      (await call('POST', path, 'am_operator', '{"parameters":{"unload_dependents":true}}')).status,
    ).toBe(200);
    expect([first.unloads, second.unloads]).toEqual([[V2], [V2]]);
    const request = { repositoryName: '', modelName: 'own', parameters: {} };
    expect((await operator.unary(service.repositoryModelUnload, request)).code).toBe(0);
    expect(first.unloads).toEqual([V2, V1, V2]);
  });

  const own = '/v2/repository/models/own/load';
  const override = '{"parameters":{"config":"{}"}}';
  it.each([
    { what: 'the role may not operate', path: own, status: 403, says: 'operator key', key: 'am_good' },
    { what: 'the model is another’s', path: own.replace('own', 'acme%2Firis'), status: 403, says: 'vendor' },
    { what: 'there is no such model', path: own.replace('own', 'absent'), status: 404, says: 'absent' },
    { what: 'files or settings are to change', path: own, status: 501, says: '"config"', body: override },
  ])('refuses when $what', async ({ path, status, says, key = 'am_operator', body = '' }) => {
    expect(await call('POST', path, key, body)).toEqual({ status, json: error(says) });
  });

  it('says why when a replica refuses', async () => {
    second.loadProblem = 'quarantined: it ended the process twice';
    const { status, json } = await call('POST', '/v2/repository/models/own/load', 'am_operator');
    expect([status, json]).toEqual([
      412,
      {
        error: expect.stringMatching(
          /^quarantined: it ended the process twice \(on 1 of \d+ replicas\)$/,
        ) as string,
      },
    ]);
    second.loadProblem = undefined;
  });
});

describe('a prediction over REST', () => {
  it('says how urgent it is', async () => {
    const received = () => [...first.received, ...second.received];
    await under.infer('own', { headers: { 'x-request-priority': '3' } });
    expect(received().at(-1)).toMatchObject({ priority: 3 });
    expect((await under.infer('own', { headers: { 'x-request-priority': '0' } })).status).toBe(400);
  });

  it('that no replica can run is 503 with the time after which a new try makes sense', async () => {
    first.behaviour = second.behaviour = 'unrun';
    const response = await under.infer('own');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    first.behaviour = second.behaviour = 'answer';
  });
});
