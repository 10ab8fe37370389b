import { buildOnnxModel } from '@aimass/platform-model-files';
import type { OnnxModel } from '@aimass/platform-model-files';
import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Api } from '../support/api.js';

let api: Api;
let stranger: Api;

beforeAll(async () => {
  api = await newOrganization();
  stranger = await newOrganization();
});

/** y = 2 x + offset. */
const line = (offset: number, change: Partial<OnnxModel> = {}) =>
  buildOnnxModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    nodes: [
      { op: 'Mul', inputs: ['x', 'two'], outputs: ['z'] },
      { op: 'Add', inputs: ['z', 'offset'], outputs: ['y'] },
    ],
    initializers: [
      { name: 'two', datatype: 'FP32', shape: [1], data: [2] },
      { name: 'offset', datatype: 'FP32', shape: [1], data: [offset] },
    ],
    ...change,
  });

async function upload(content: Uint8Array, as: Api = api): Promise<string> {
  const headers = { 'content-type': 'application/octet-stream' };
  const answer = await must(as.upload(Uint8Array.from(content), headers), 201);
  return answer.body.id as string;
}

async function register(model: string, content: Uint8Array, more: object = {}, headers = {}) {
  const files = [{ path: 'model.onnx', uploadId: await upload(content) }];
  return api.post(`/models/${model}/versions`, { files, ...more }, headers);
}

const infer = (model: string, x: number, as: Api = api) =>
  as.infer(model, [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [x] }]);

async function deploy(name: string, variant: object): Promise<void> {
  await must(api.post('/deployments', { name, variants: [variant] }), 201);
  await eventually(async () => ((await infer(name, 1)).status === 200 ? true : undefined), 30_000);
}

describe('an uploaded model', () => {
  it('becomes a version, is deployed and answers; its next version takes over', async () => {
    const first = await must(register('line', line(1), { alias: 'production', source: 'a test' }), 201);
    expect(first.body).toMatchObject({
      number: 1,
      engine: 'onnx',
      format: 'onnx',
      lineage: { source: 'a test' },
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '1'] }] },
    });
    const serving = { maxBatchRows: 16, priority: 1, pinned: true };
    await deploy('line', { model: 'line', version: 'production', serving });
    const { body } = await must(api.get('/deployments/line'), 200);
    expect(body.variants[0].serving).toMatchObject(serving);
    expect((await infer('line', 20)).body.outputs[0].data).toEqual([41]);
    await must(register('line', line(100), { number: 2 }), 201);
    await must(
      api.request('PATCH', '/api/v1/deployments/line/variants', {
        json: { variants: [{ model: 'line', version: 2 }] },
      }),
      200,
    );
    await eventually(
      async () => ((await infer('line', 1)).body.outputs[0].data[0] === 102 ? true : undefined),
      30_000,
    );
  });

  it('is registered once per idempotency key, and never over another', async () => {
    const files = [{ path: 'model.onnx', uploadId: await upload(line(2)) }];
    const once = () => api.post('/models/once/versions', { files }, { 'idempotency-key': 'k' });
    expect((await must(once(), 201)).body.id).toBe((await must(once(), 201)).body.id);
    expect((await register('once', line(3), { number: 1 })).status).toBe(409);
    expect((await api.request('PUT', '/api/v1/models/once/versions/1', { json: { files } })).status).toBe(
      409,
    );
  });

  it('is nobody else’s: neither its upload nor its version is found', async () => {
    const files = [{ path: 'model.onnx', uploadId: await upload(line(4)) }];
    expect((await stranger.post('/models/stolen/versions', { files })).status).toBe(404);
    expect((await stranger.get('/models/line/versions/1')).status).toBe(404);
  });
});

describe('what must not become a version', () => {
  it.each<[number, string, Uint8Array]>([
    [415, 'a pickle', Buffer.from('80049500000000000000004e2e', 'hex')],
    [
      415,
      'a model that is an archive too',
      Buffer.concat([line(1), Buffer.from('504b0506000000000000', 'hex')]),
    ],
    [
      422,
      'a custom operator',
      line(1, { nodes: [{ op: 'Run', domain: 'evil', inputs: ['x'], outputs: ['y'] }] }),
    ],
    [
      422,
      'data outside of the model',
      line(1, {
        initializers: [
          { name: 'w', datatype: 'FP32', shape: [1], externalData: { location: '../../etc/passwd' } },
        ],
      }),
    ],
    [422, 'a cut file', line(1).subarray(0, 40)],
  ])('is refused with %i: %s', async (status, _, content) => {
    const answer = await register('refused', content);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code: expect.stringContaining('model_files.') });
    expect((await api.get('/models/refused')).status).toBe(404);
  });

  it.each(['%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E', '%7B%7B7*7%7D%7D', "'%3B%20DROP%20TABLE%20model"])(
    'is refused under the name %s',
    async (name) => {
      expect((await register(name, line(1))).status).toBe(400);
    },
  );
});
