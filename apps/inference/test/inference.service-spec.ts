import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inference } from '@aimass/contracts';
import { newId } from '@aimass/platform-persistence';
import { eventually } from '@aimass/testing';
import { DataPlaneService } from '../src/data-plane/data-plane.service.js';
import { ExchangeClient } from './exchange-client.js';
import { FrameClient } from './frame-client.js';
import { ask, Surroundings, versionOf } from './replica-under-test.js';
import type { Replica } from './replica-under-test.js';

const [first, second] = [newId('mv'), newId('mv')];
let around: Surroundings;
let replica: Replica;
let gateway: ExchangeClient;

beforeAll(async () => {
  around = await Surroundings.create();
  await around.route([await around.lineVersion(first, 2, 1), await around.lineVersion(second, 5, 0)]);
  replica = await around.startReplica();
  gateway = new ExchangeClient(replica.address);
  await around.untilReady(replica, [first, second]);
});

afterAll(async () => {
  gateway.close();
  await replica.stop();
  await around.close();
});

describe('a call', () => {
  it('is answered by the version it names', async () => {
    const answers = await Promise.all([
      gateway.infer(first, { id: 'a', ...ask(3) }),
      gateway.infer(second, ask(3)),
    ]);
    expect(answers[0]).toMatchObject({
      status: 200,
      body: { model_name: 'line', model_version: '1', id: 'a' },
    });
    const outputs = answers.map((answer) => answer.body['outputs']);
    expect(outputs).toEqual([
      [{ name: 'prediction', datatype: 'FP32', shape: [1, 1], data: [7] }],
      [{ name: 'prediction', datatype: 'FP32', shape: [1, 1], data: [15] }],
    ]);
  });

  it('shares a run and an answer frame with the others of its frame, and bad ones among them harm nobody', async () => {
    const bodies = [ask(1), ask('text'), ask(2, 3), '{', ask(1e39), ask(4)];
    const answers = await Promise.all(gateway.inferAll(first, bodies));
    expect(answers.map((answer) => answer.status)).toEqual([200, 400, 200, 400, 400, 200]);
    expect(answers[2]?.body).toMatchObject({ outputs: [{ shape: [2, 1], data: [5, 7] }] });
    expect(answers[1]?.body['error']).toContain('element 0 of "data" is "text"');
    expect(Math.max(...gateway.frames)).toBeGreaterThan(1);
  });

  it('gets its credit back, also when it is refused', async () => {
    const before = gateway.credits;
    await Promise.all(gateway.inferAll(first, [ask(1), '{', ask(2)]));
    expect(gateway.credits).toBe(before + 3);
  });

  it.each<[string, Partial<inference.InferCall>, number, RegExp]>([
    ['an unknown version', { modelVersionId: 'mv_nobody' }, 404, /does not serve model version mv_nobody/],
    ['another encoding', { encoding: inference.BodyEncoding.UNSPECIFIED }, 400, /how the request is encoded/],
  ])("is refused in the protocol's error shape: %s", async (_, over, status, message) => {
    const answer = await gateway.infer(first, ask(1), over);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(['error']);
    expect(answer.body['error']).toMatch(message);
  });
});

describe('placement', () => {
  it('says what cannot be loaded and why, serves the rest, and takes up a version that appears later', async () => {
    const third = newId('mv');
    const broken = versionOf(newId('mv'), {
      files: [{ path: 'model.json', sha256: 'f'.repeat(64), sizeBytes: 1 }],
      sha256: '',
    });
    const added = await around.lineVersion(third, 1, 1);
    await around.route([await around.lineVersion(first, 2, 1), added, broken]);
    await around.untilReady(replica, [first, third]);
    const heartbeat = await eventually(async () => {
      const heard = await around.heartbeatOf(replica.address);
      return heard?.failedModelVersions[broken.modelVersionId] === undefined ? undefined : heard;
    });
    expect(heartbeat.failedModelVersions[broken.modelVersionId]).toContain('digest does not fit');
    expect(heartbeat).toMatchObject({
      draining: false,
      backend: expect.stringContaining('tfjs') as string,
    });
    expect(await gateway.infer(third, ask(1))).toMatchObject({ status: 200 });
    expect(await gateway.infer(broken.modelVersionId, ask(1))).toMatchObject({ status: 503 });
    expect(await gateway.infer(second, ask(1))).toMatchObject({ status: 404 });
  });
});

describe('without NATS', () => {
  it('a replica starts and serves what it served before', async () => {
    const lonely = await around.startReplica({ NATS_URL: 'nats://127.0.0.1:9' });
    const client = new ExchangeClient(lonely.address);
    expect(await client.infer(first, ask(3))).toMatchObject({
      status: 200,
      body: { outputs: [{ data: [7] }] },
    });
    client.close();
    await lonely.stop();
  });

  it('a replica that knows nothing says that it is starting', async () => {
    const empty = await around.startReplica({
      NATS_URL: 'nats://127.0.0.1:9',
      CACHE_DIR: join(around.folder, 'empty'),
    });
    const client = new ExchangeClient(empty.address);
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 503 });
    client.close();
    await empty.stop();
  });
});

describe('frames over plain TCP', () => {
  it('carry calls and answers as the gRPC stream does, where the heartbeat says, and end cleanly', async () => {
    const framed = await around.startReplica();
    const heartbeat = await eventually(async () => {
      const heard = await around.heartbeatOf(framed.address);
      return heard?.readyModelVersionIds.includes(first) ? heard : undefined;
    });
    const client = await FrameClient.connect(heartbeat.frameAddress);
    const answers = await Promise.all([client.infer(first, ask(3)), client.infer(first, ask('text'))]);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[0].body).toMatchObject({ outputs: [{ data: [7] }] });
    const ended = client.ended;
    await framed.app.get(DataPlaneService).drain();
    await ended;
    await framed.stop();
  });
});

describe('stopping', () => {
  it('says so first, still answers what comes meanwhile, ends streams cleanly and takes its entry away', async () => {
    const leaving = await around.startReplica();
    const client = new ExchangeClient(leaving.address);
    await eventually(
      async () =>
        (await around.heartbeatOf(leaving.address))?.readyModelVersionIds.includes(first) || undefined,
    );
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 200 });
    const drained = leaving.app.get(DataPlaneService).drain();
    await eventually(async () => (await around.heartbeatOf(leaving.address))?.draining || undefined);
    expect(await client.infer(first, ask(3))).toMatchObject({ status: 200 });
    await drained;
    expect(await client.status()).toBe(0);
    expect(await around.heartbeatOf(leaving.address)).toBeUndefined();
    client.close();
    await leaving.stop();
  });
});
