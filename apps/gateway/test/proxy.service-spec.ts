import { trafficControl } from '@aimass/contracts';
import type { routing } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { keyOf, routeTo, startPlane } from './proxy/plane-under-test.js';
import type { InferInit, PlaneUnderTest } from './proxy/plane-under-test.js';

let under: PlaneUnderTest;
let replica: FakeReplica;

const policy = (
  target: trafficControl.PolicyTarget,
  targetId: string,
  requests: number,
): routing.RoutingSnapshot['policies'][number] => ({
  id: `pol_${targetId}`,
  target,
  targetId,
  requests,
  windowSeconds: 60,
  createdAt: undefined,
});

beforeAll(async () => {
  under = await startPlane({ holdMs: 1_000 });
  replica = await FakeReplica.start();
  await under.beat(replica.address, { readyModelVersionIds: ['mv_1', 'mv_2', 'mv_a', 'mv_b'] });
  const faithful = routeTo('faithful', 'mv_1');
  faithful.aliases = { production: 1, candidate: 4 };
  faithful.variants.push({ name: 'v2', modelVersionId: 'mv_2', versionNumber: 2, weight: 0 });
  const { KEY, DEPLOYMENT } = trafficControl.PolicyTarget;
  await under.publish({
    routes: [
      faithful,
      routeTo('acme/iris', 'mv_1'),
      routeTo('limited', 'mv_1', 'dep_limited'),
      routeTo('nowhere', 'mv_nowhere'),
      routeTo('broken', 'mv_broken'),
    ],
    versions: [served('mv_1'), served('mv_2')],
    policies: [policy(DEPLOYMENT, 'dep_limited', 5), policy(KEY, 'key_limited', 100)],
  });
  await eventually(() => (under.plane.routes.find(under.organizationId, 'faithful') ? true : undefined));
  await eventually(() => (under.plane.replicas.isReady('mv_1') ? true : undefined));
});
afterAll(async () => {
  await under.stop();
  replica.stop();
});

function served(modelVersionId: string): routing.ServedVersion {
  const tensor = (name: string) => ({ name, datatype: 'FP32', shape: ['-1', '1'] });
  return {
    modelVersionId,
    modelName: 'faithful',
    versionNumber: 1,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: { inputs: [tensor('x')], outputs: [tensor('y')] },
    manifest: undefined,
    serving: undefined,
  };
}

const get = (path: string, headers: Record<string, string> = { authorization: 'Bearer am_good' }) =>
  fetch(`${under.url}${path}`, { headers });

describe('a prediction', () => {
  it('reaches the version behind the name as it came in, and is metered before it is answered', async () => {
    const response = await under.infer('faithful', {
      body: '{"inputs": [1]}',
      headers: { 'x-request-id': 'mine-1' },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      model_name: 'faithful',
      model_version: 'mv_1',
      echo: '{"inputs": [1]}',
    });
    expect(response.headers.get('x-request-id')).toBe('mine-1');
    expect(response.headers.get('server-timing')).toMatch(
      /^gateway;dur=[\d.]+, queue;dur=0.010, compute;dur=0.020$/,
    );
    const event = await eventually(
      () => under.shipped.find(({ requestId }) => requestId === 'mine-1'),
      1_000,
    );
    expect(event).toMatchObject({
      organizationId: under.organizationId,
      keyId: 'key_1',
      modelName: 'faithful',
      modelVersionId: 'mv_1',
      deploymentId: 'dep_1',
      ownerOrganizationId: 'org_owner',
      quantity: 1,
    });
  });

  it.each([
    ['faithful/versions/2', 'mv_2'],
    ['faithful/versions/production', 'mv_1'],
    ['acme/iris', 'mv_1'],
    ['acme%2Firis', 'mv_1'],
    ['acme/iris/versions/1', 'mv_1'],
  ])('is made by name, version and alias: %s', async (path, version) => {
    expect(await (await under.infer(path)).json()).toMatchObject({ model_version: version });
  });

  it('passes raw tensors through, and their place back', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': '2' };
    const response = await under.infer('faithful', { body: '{}RAW', headers });
    expect(response.headers.get('inference-header-content-length')).toBe('2');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(replica.received.at(-1)).toMatchObject({ jsonLength: 2, body: Buffer.from('{}RAW') });
  });

  it('that the model refuses is passed on, and not metered', async () => {
    const response = await under.infer('faithful', {
      body: 'refuse',
      headers: { 'x-request-id': 'refused-1' },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'shape does not fit' });
    await under.infer('faithful', { headers: { 'x-request-id': 'after-refused' } });
    await eventually(() => under.shipped.find(({ requestId }) => requestId === 'after-refused'));
    expect(under.shipped.some(({ requestId }) => requestId === 'refused-1')).toBe(false);
  });

  it('shares frames with others while many are under way', async () => {
    const askAll = () =>
      Array.from({ length: 200 }, () => under.infer('faithful').then((answer) => answer.text()));
    // Connections that are open already deliver together.
    await Promise.all(askAll());
    replica.frames.length = 0;
    replica.behaviour = 'keep';
    const answers = askAll();
    const arrived = (): number => replica.frames.reduce((sum, calls) => sum + calls, 0);
    await eventually(() => Promise.resolve(arrived() === 200 || undefined));
    replica.behaviour = 'answer';
    replica.release();
    await Promise.all(answers);
    expect(replica.frames.length).toBeLessThan(100);
  });

  it('travels as frames over plain TCP to a replica that takes them', async () => {
    const own = await startPlane();
    const framed = await FakeReplica.start();
    await own.publish({ routes: [routeTo('framed', 'mv_framed')] });
    await own.beat(framed.address, {
      frameAddress: framed.frameAddress,
      readyModelVersionIds: ['mv_framed'],
    });
    await eventually(() => (own.plane.replicas.isReady('mv_framed') ? true : undefined));
    await eventually(() => (own.plane.routes.find(own.organizationId, 'framed') ? true : undefined));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => own.infer('framed', { body: `{"n":${n}}` })),
    );
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ echo: string }>));
    expect(bodies.map(({ echo }) => echo)).toEqual(answers.map((_, n) => `{"n":${n}}`));
    expect(framed.sockets.size).toBeGreaterThan(0);
    await own.stop();
    framed.stop();
  });
});

describe('a refusal', () => {
  it.each([
    ['no key', {}, 'Bearer'],
    ['a wrong key', { authorization: 'Bearer am_wrong' }, 'Bearer error="invalid_token"'],
    ['no bearer', { authorization: 'Basic YTpi' }, 'Bearer'],
  ])('401 with %s', async (_what, headers: Record<string, string>, challenge) => {
    for (const path of ['/v2', '/v2/models/faithful', '/v2/models/absent', '/v2/nothing']) {
      const response = await get(path, headers);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(challenge);
      expect(await response.json()).toEqual({ error: expect.any(String) as string });
    }
  });

  it('401 as soon as the key is revoked', async () => {
    under.keys.set('am_brief', keyOf(under.organizationId));
    const headers = { authorization: 'Bearer am_brief' };
    expect((await under.infer('faithful', { headers })).status).toBe(200);
    under.keys.delete('am_brief');
    expect((await under.infer('faithful', { headers })).status).toBe(401);
  });

  it('403 when the role may not ask for predictions', async () => {
    under.keys.set('am_viewer', { ...keyOf(under.organizationId), role: 'viewer' });
    expect((await under.infer('faithful', { headers: { authorization: 'Bearer am_viewer' } })).status).toBe(
      403,
    );
  });

  it.each([
    ['absent', 404, 'No model "absent"'],
    ['faithful/versions/9', 404, 'Version 9 is not deployed under "faithful". Deployed: 1, 2.'],
    ['faithful/versions/candidate', 404, 'means version 4, which is not deployed'],
    ['faithful/versions/nightly', 404, 'no version or alias "nightly"'],
  ])('of %s is %i and says why', async (path, status, message) => {
    const response = await under.infer(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringContaining(message) as string });
  });

  it('413 for a body over the cap, with and without a declared length, before it is all there', async () => {
    const large = Buffer.alloc(65 * 1024, 0x20);
    expect((await under.infer('faithful', { body: large })).status).toBe(413);
    let isPulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        isPulled += 1;
        controller.enqueue(Buffer.alloc(16 * 1024));
      },
    });
    const init: InferInit & { duplex: 'half' } = { body: endless, duplex: 'half' };
    const response = await under.infer('faithful', init).catch((error: unknown) => error);
    // The client may still be sending when the connection is closed on it; what counts is that it was stopped.
    if (response instanceof Response) expect(response.status).toBe(413);
    expect(isPulled).toBeLessThan(2_000);
  });

  it('405 and 404 in the shape of the protocol', async () => {
    const wrong = await fetch(`${under.url}/v2/models/faithful/infer`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer am_good' },
    });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await get('/v2/models/faithful/infer')).status).toBe(405);
    const nothing = await get('/v2/nothing');
    expect([nothing.status, await nothing.json()]).toEqual([
      404,
      { error: 'There is nothing at GET /v2/nothing.' },
    ]);
    expect((await under.infer('faithful', { headers: { 'content-type': 'text/csv' } })).status).toBe(415);
  });
});

describe('the read routes', () => {
  it('describe the server and its health, which is open', async () => {
    expect(await (await get('/v2')).json()).toEqual({
      name: 'aimass',
      version: '0.1.0',
      extensions: [
        'binary_tensor_data',
        'parameters',
        'schedule_policy',
        'model_configuration',
        'model_repository',
        'statistics',
      ],
    });
    expect(await (await get('/v2/health/live', {})).json()).toEqual({ live: true });
    expect(await (await get('/v2/health/ready', {})).json()).toEqual({ ready: true });
  });

  it('describe a model from its signature', async () => {
    expect(await (await get('/v2/models/faithful')).json()).toEqual({
      name: 'faithful',
      versions: ['1', '2'],
      platform: 'tensorflow_layers',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    });
    expect((await get('/v2/models/faithful/versions/9')).status).toBe(404);
  });

  it('say whether a model is ready', async () => {
    expect(await (await get('/v2/models/faithful/versions/2/ready')).json()).toEqual({
      name: 'faithful',
      ready: true,
    });
    const absent = await get('/v2/models/nowhere/ready');
    expect([absent.status, await absent.json()]).toEqual([503, { name: 'nowhere', ready: false }]);
  });
});

describe('a limit', () => {
  it('admits exactly its number at once, says so on every answer, and meters no refusal', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        under.infer('limited', { headers: { 'x-request-id': `lim-${index}` } }),
      ),
    );
    const passed = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([passed.length, refused.length]).toEqual([5, 7]);
    for (const answer of answers) {
      expect(answer.headers.get('ratelimit-policy')).toBe('"pol_dep_limited";q=5;w=60');
      expect(answer.headers.get('ratelimit')).toMatch(/^"pol_dep_limited";r=\d+;t=\d+$/);
    }
    expect(
      passed.map(({ headers }) => Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])).sort(),
    ).toEqual([0, 1, 2, 3, 4]);
    const [first] = refused;
    const t = Number(/t=(\d+)/.exec(first?.headers.get('ratelimit') ?? '')?.[1]);
    expect(Number(first?.headers.get('retry-after'))).toBeGreaterThanOrEqual(t);
    expect(await first?.json()).toEqual({
      error: expect.stringContaining('5 requests per 60 seconds') as string,
    });
    await eventually(() =>
      under.shipped.filter(({ requestId }) => requestId.startsWith('lim-')).length === 5 ? true : undefined,
    );
  });
});

describe('a version that is ready nowhere', () => {
  it('is waited for, and answered once a replica has it', async () => {
    const pending = under.infer('nowhere');
    const late = await FakeReplica.start();
    await under.beat(late.address, { readyModelVersionIds: ['mv_nowhere'] });
    expect((await pending).status).toBe(200);
    late.stop();
  });

  it('is 503 with Retry-After after a bounded wait, and at once with the reason when it cannot be loaded', async () => {
    const failing = await FakeReplica.start();
    await under.beat(failing.address, { failedModelVersions: { mv_broken: 'weights are cut' } });
    const broken = await eventually(async () => {
      const response = await under.infer('broken', { headers: { 'x-request-timeout-ms': '15000' } });
      const { error } = (await response.json()) as { error: string };
      return error.includes('weights are cut') ? response : undefined;
    });
    expect([broken.status, broken.headers.get('retry-after')]).toEqual([503, '1']);
    failing.stop();
  });

  it('is 504 when the deadline comes first', async () => {
    const response = await under.infer('nowhere', { headers: { 'x-request-timeout-ms': '150' } });
    expect(response.status).toBe(504);
  });
});

describe('a snapshot swap under load', () => {
  it('never gives a request half of one and half of the other', async () => {
    const sides = ['a', 'b'] as const;
    let isRunning = true;
    const versions = new Map<string, string>();
    const load = Array.from({ length: 8 }, async (_, lane) => {
      for (let index = 0; isRunning; index++) {
        const requestId = `swap-${lane}-${index}`;
        const response = await under.infer('swapped', { headers: { 'x-request-id': requestId } });
        const body = (await response.json()) as { model_version: string };
        if (response.status === 200) versions.set(requestId, body.model_version);
      }
    });
    for (let round = 0; round < 20; round++) {
      const side = sides[round % 2] ?? 'a';
      await under.publish({ routes: [routeTo('swapped', `mv_${side}`, `dep_${side}`)], versions: [] });
      await under.infer('swapped').then((response) => response.text());
    }
    isRunning = false;
    await Promise.all(load);
    const usage = await eventually(() => {
      const found = under.shipped.filter(({ requestId }) => versions.has(requestId));
      return found.length === versions.size ? found : undefined;
    });
    expect(new Set(versions.values())).toEqual(new Set(['mv_a', 'mv_b']));
    for (const event of usage) {
      expect(event.deploymentId.slice(4)).toBe(event.modelVersionId.slice(3));
      expect(event.modelVersionId).toBe(versions.get(event.requestId));
    }
  });
});
