import type { RunningPlatform } from '@aimass/platform-embedded';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Api } from '../support/api.js';
import { Load } from '../support/load.js';
import { deployOnnx, lineModel, registerOnnx, x } from '../support/onnx.js';
import { adminOf, ownPlatform } from '../support/own-platform.js';
import type { OwnPlatform } from '../support/own-platform.js';

const MODEL = 'line';
/** Answers that clients get before and after something is done to a replica. */
const SOME = 200;
let own: OwnPlatform;
let platform: RunningPlatform;
let api: Api;

beforeAll(async () => {
  own = await ownPlatform();
  platform = await own.boot({ replicas: 2 });
  api = await newOrganization(adminOf(platform));
  await deployOnnx(api, MODEL, lineModel(2, 1), x(1));
  await allReady(2);
});
afterAll(() => own.dispose());

/** Every replica's own word that the model is ready there. */
async function allReady(count: number): Promise<void> {
  await eventually(async () => {
    const ready = await Promise.all(
      platform.replicas().map(async ({ httpUrl }) => {
        const answer = await fetch(`${httpUrl}/v2/models/${MODEL}/ready`).catch(() => undefined);
        return answer?.status === 200;
      }),
    );
    return ready.filter(Boolean).length === count ? true : undefined;
  }, 30_000);
}

function startLoad(): Load {
  const load = new Load(() => api.infer(MODEL, x(3)));
  onTestFinished(async () => {
    await load.stop();
  });
  return load;
}

async function moreAnswers(load: Load): Promise<void> {
  const from = load.count;
  await eventually(() => Promise.resolve(load.count >= from + SOME ? true : undefined), 30_000);
}

describe('clients under way', () => {
  it('lose no request when a replica is killed, and it takes calls again', async () => {
    const load = startLoad();
    await moreAnswers(load);
    platform.killService('inference-2', 'SIGKILL');
    await moreAnswers(load);
    await allReady(2);
    await moreAnswers(load);
    const { statuses, refusals } = await load.stop();
    expect([...statuses.keys()], refusals.join('\n')).toEqual([200]);
  }, 90_000);

  it('wait at most a few seconds when a replica freezes, lose nothing, and use it again once it thaws', async () => {
    const load = startLoad();
    await moreAnswers(load);
    platform.killService('inference-2', 'SIGSTOP');
    // Eight clients, and the frozen replica holds some of their calls: they go on once it is given up.
    await moreAnswers(load);
    platform.killService('inference-2', 'SIGCONT');
    await allReady(2);
    await moreAnswers(load);
    const { statuses, slowestMs, refusals } = await load.stop();
    expect([...statuses.keys()], refusals.join('\n')).toEqual([200]);
    expect(slowestMs).toBeLessThan(6_000);
  }, 90_000);

  it('lose nothing when replicas appear and leave', async () => {
    const load = startLoad();
    const added = await platform.addReplica();
    await allReady(3);
    await moreAnswers(load);
    await platform.removeReplica('inference-2');
    await moreAnswers(load);
    const { statuses, refusals } = await load.stop();
    expect([...statuses.keys()], refusals.join('\n')).toEqual([200]);
    expect(platform.replicas().map(({ name }) => name)).toEqual(['inference', added.name]);
  }, 90_000);
});

describe('a hundred swaps between two versions', () => {
  it('fail no request, and the last one is what answers', async () => {
    const second = await registerOnnx(api, MODEL, lineModel(10, 0));
    const load = startLoad();
    for (let swap = 1; swap <= 100; swap++) {
      const version = swap % 2 === 1 ? second : 1;
      const variants = [{ name: 'main', model: MODEL, version }];
      await must(api.request('PATCH', `/api/v1/deployments/${MODEL}/variants`, { json: { variants } }), 200);
    }
    const answered = await eventually(async () => {
      const { body } = await must(api.infer(MODEL, x(3)), 200);
      return body.outputs[0].data[0] === 7 ? body : undefined;
    });
    expect(answered.model_version).toBe('1');
    const { statuses, refusals } = await load.stop();
    expect([...statuses.keys()], refusals.join('\n')).toEqual([200]);
  }, 120_000);
});
