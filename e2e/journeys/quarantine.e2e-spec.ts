import type { RunningPlatform } from '@aimass/platform-embedded';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { newOrganization } from '../support/api.js';
import type { Api } from '../support/api.js';
import { Load } from '../support/load.js';
import { countingModel, deployOnnx, lineModel, x } from '../support/onnx.js';
import { adminOf, ownPlatform } from '../support/own-platform.js';
import type { OwnPlatform } from '../support/own-platform.js';

let own: OwnPlatform;
let platform: RunningPlatform;
let api: Api;
const restarts: string[] = [];

const count = (to: string) => [{ name: 'count', shape: [1], datatype: 'INT64', data: [to] }];

beforeAll(async () => {
  own = await ownPlatform();
  platform = await own.boot({
    extraEnv: { RUN_LIMIT_SECONDS: '1' },
    onEvent: (event) => restarts.push(event.type),
  });
  api = await newOrganization(adminOf(platform));
  await deployOnnx(api, 'line', lineModel(2, 1), x(1));
  await deployOnnx(api, 'counting', countingModel(), count('10'));
});
afterAll(() => own.dispose());

/** A run without end: the replica's watchdog ends the process, and the supervisor starts another. */
const runAway = () => api.infer('counting', count('9000000000000000000'));

it('a model that ends its replica twice is quarantined, alone, while others answer', async () => {
  const load = new Load(() => api.infer('line', x(3)), 2);
  onTestFinished(async () => {
    await load.stop();
  });
  // The gateway takes a request whose replica is gone to the next one, so a single request may end both processes.
  const answers: number[] = [];
  const refused = await eventually(async () => {
    const answer = await runAway();
    answers.push(answer.status);
    return /quarantine/i.test(answer.text) ? answer : undefined;
  }, 60_000);
  expect(new Set(answers)).toEqual(new Set([503]));
  expect(refused.body).toEqual({ error: expect.stringMatching(/ended the process 2 times/) });
  expect((await api.infer('counting', count('10'))).status).toBe(503);
  expect(restarts.filter((type) => type === 'crashed')).toHaveLength(2);
  const { statuses, refusals } = await load.stop();
  expect([...statuses.keys()], refusals.join('\n')).toEqual([200]);
}, 120_000);
