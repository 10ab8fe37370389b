import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploy, must, newOrganization, oldFaithfulSplit, row, trainVersion } from '../support/api.js';
import type { Api } from '../support/api.js';

const MODEL = 'old-faithful';
let api: Api;
let stranger: Api;

beforeAll(async () => {
  api = await newOrganization();
  stranger = await newOrganization();
  const splitId = await oldFaithfulSplit(api);
  await deploy(api, await trainVersion(api, splitId, 'production'));
});

describe('the Open Inference Protocol routes', () => {
  it('tell that server and model are live and ready', async () => {
    expect((await api.request('GET', '/v2/health/live')).body).toEqual({ live: true });
    expect((await api.request('GET', '/v2/health/ready')).status).toBe(200);
    expect((await api.request('GET', `/v2/models/${MODEL}/ready`)).body).toMatchObject({ ready: true });
    expect((await api.request('GET', '/v2')).body).toMatchObject({
      name: expect.any(String),
      extensions: expect.any(Array),
    });
  });

  it('describe the model with the names, datatypes and shapes of its signature', async () => {
    const { body } = await must(api.request('GET', `/v2/models/${MODEL}`), 200);
    expect(body).toMatchObject({
      name: MODEL,
      versions: ['1'],
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
      outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
    });
  });

  it('answer by name, by version number and by alias alike', async () => {
    const data = async (version?: string) =>
      (await must(api.infer(MODEL, row(4), version), 200)).body.outputs[0].data[0] as number;
    const byName = await data();
    expect(byName).toBeGreaterThan(70);
    expect(byName).toBeLessThan(80);
    expect(await data('1')).toBe(byName);
    expect(await data('production')).toBe(byName);
  });

  it('answer many rows in one request, in order', async () => {
    const inputs = [{ name: 'features', shape: [3, 1], datatype: 'FP32', data: [[2], [3], [4]] }];
    const { outputs, model_name, id } = (await must(api.infer(MODEL, inputs), 200)).body;
    expect(outputs[0].shape).toEqual([3, 1]);
    expect([...outputs[0].data].sort((a: number, b: number) => a - b)).toEqual(outputs[0].data);
    expect(model_name).toBe(MODEL);
    expect(id).toBeUndefined();
  });

  it.each([
    ['an unknown model', 'nope', undefined],
    ['an unknown version', MODEL, '99'],
    ['an unknown alias', MODEL, 'nightly'],
  ])('answer %s with 404 in the shape of the protocol', async (_, model, version) => {
    const answer = await api.infer(model, row(4), version);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ error: expect.any(String) });
  });

  it.each([
    ['another datatype', [{ name: 'features', shape: [1, 1], datatype: 'BYTES', data: ['a'] }]],
    ['another rank', [{ name: 'features', shape: [1], datatype: 'FP32', data: [1] }]],
    ['another width', [{ name: 'features', shape: [1, 2], datatype: 'FP32', data: [1, 2] }]],
    ['less data than its shape says', [{ name: 'features', shape: [2, 1], datatype: 'FP32', data: [1] }]],
    ['an unknown input', [{ name: 'nope', shape: [1, 1], datatype: 'FP32', data: [1] }]],
    ['text for a number', [{ name: 'features', shape: [1, 1], datatype: 'FP32', data: ['1'] }]],
    ['no input', []],
  ])('refuse %s with 400', async (_, inputs) => {
    const answer = await api.infer(MODEL, inputs);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toEqual({ error: expect.any(String) });
  });

  it('refuse malformed JSON with 400, and a body over the cap with 413', async () => {
    const path = `/v2/models/${MODEL}/infer`;
    const headers = { 'content-type': 'application/json' };
    expect((await api.request('POST', path, { body: '{"inputs":[', headers })).status).toBe(400);
    const large = await api.request('POST', path, {
      body: `{"inputs":[${' '.repeat(1024 * 1024)}]}`,
      headers,
    });
    expect(large.status).toBe(413);
    expect(large.body).toEqual({ error: expect.any(String) });
  });
});

describe("another organization's things", () => {
  it('look absent on every route', async () => {
    const job = (await api.get('/jobs')).body.items[0].id as string;
    const deployment = (await api.get(`/deployments/${MODEL}`)).body.id as string;
    const version = (await api.get(`/models/${MODEL}/versions/1`)).body.id as string;
    const dataset = (await api.get('/datasets/old-faithful')).body.id as string;
    const paths = [
      `/jobs/${job}`,
      `/jobs/${job}/report`,
      `/jobs/${job}/logs`,
      `/jobs/${job}/events`,
      `/deployments/${deployment}`,
      `/deployments/${MODEL}`,
      `/models/${MODEL}`,
      `/models/${MODEL}/versions/${version}`,
      `/datasets/${dataset}`,
      '/datasets/old-faithful/versions/1',
    ];
    for (const path of paths) expect((await stranger.get(path)).status, path).toBe(404);
    expect((await stranger.infer(MODEL, row(4))).status).toBe(404);
    expect((await stranger.post(`/jobs/${job}:cancel`)).status).toBe(404);
  });
});

describe('a key', () => {
  it('is needed, must be right, and a revoked one is refused within a second on both planes', async () => {
    const nobody = api.withKey('');
    expect((await nobody.infer(MODEL, row(4))).status).toBe(401);
    expect((await nobody.get('/jobs')).status).toBe(401);
    expect((await api.withKey(`am_${'x'.repeat(43)}`).infer(MODEL, row(4))).body).toEqual({
      error: expect.any(String),
    });

    const created = await must(api.post('/keys', { name: 'short-lived', role: 'developer' }), 201);
    const client = api.withKey(created.body.secret as string);
    await must(client.infer(MODEL, row(4)), 200);
    await must(api.post(`/keys/${created.body.id as string}:revoke`), 200);
    await eventually(
      async () => ((await client.infer(MODEL, row(4))).status === 401 ? true : undefined),
      1_000,
    );
    expect((await client.get('/jobs')).status).toBe(401);
    const shown = (await api.get(`/keys/${created.body.id as string}`)).text;
    expect(shown).not.toContain(created.body.secret);
    expect(shown).toContain((created.body.secret as string).slice(0, 11));
  });

  it('may do only what its role includes, and cannot mint a stronger one', async () => {
    const viewer = api.withKey(
      (await must(api.post('/keys', { name: 'v', role: 'viewer' }), 201)).body.secret as string,
    );
    expect((await viewer.get('/jobs')).status).toBe(200);
    expect(
      (await viewer.post('/deployments', { name: 'x', variants: [{ model: MODEL, version: 1 }] })).status,
    ).toBe(403);
    expect((await viewer.post('/keys', { name: 'y', role: 'owner' })).status).toBe(403);
    expect((await viewer.infer(MODEL, row(4))).status).toBe(403);
    expect((await api.post('/organizations', { name: 'mine' })).status).toBe(403);
  });
});

describe('a limit', () => {
  it('lets its number through, answers the rest with 429 and says when to come back', async () => {
    const key = await must(api.post('/keys', { name: 'limited', role: 'developer' }), 201);
    const client = api.withKey(key.body.secret as string);
    const limit = {
      target: 'POLICY_TARGET_KEY',
      targetId: key.body.id as string,
      requests: 5,
      windowSeconds: 60,
    };
    await must(api.post('/policies', limit), 201);
    await eventually(async () =>
      (await client.infer(MODEL, row(4))).headers.has('ratelimit-policy') ? true : undefined,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.infer(MODEL, row(4))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('ratelimit-policy')).toMatch(/^"[^"]+";q=5;w=60$/);
    expect(refused?.headers.get('ratelimit')).toMatch(/^"[^"]+";r=0;t=\d+$/);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused?.body).toEqual({ error: expect.any(String) });
    expect((await api.infer(MODEL, row(4))).status).toBe(200);
  });
});
