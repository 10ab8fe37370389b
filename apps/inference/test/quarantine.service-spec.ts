import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { replica as contract } from '@aimass/contracts';
import type { routing } from '@aimass/contracts';
import { childEnvironment } from '@aimass/platform-config';
import { pickFreePorts, Supervisor } from '@aimass/platform-embedded';
import type { SupervisorEvent } from '@aimass/platform-embedded';
import { newId } from '@aimass/platform-persistence';
import { eventually } from '@aimass/testing';
import { ExchangeClient } from './exchange-client.js';
import { heavyModelFiles } from './heavy-model.fixture.js';
import { ask, operatorOf, Surroundings } from './replica-under-test.js';

/**
 * A replica as a process under the platform's own supervisor. The culprit's calls take many seconds in native code; the
 * test ends the process with SIGKILL while it computes, which is what the replica would see of a crash in there: nothing.
 */
const [good, culprit] = [newId('mv'), newId('mv')];
const events: SupervisorEvent[] = [];
let around: Surroundings;
let supervisor: Supervisor;
let address: string;
let culpritVersion: routing.ServedVersion;

beforeAll(async () => {
  around = await Surroundings.create();
  culpritVersion = await around.version(culprit, heavyModelFiles(3, { size: 1024, layers: 24 }));
  await around.route([await around.lineVersion(good, 2, 1), culpritVersion]);
  supervisor = new Supervisor({
    logDir: join(around.folder, 'logs'),
    onEvent: (event) => events.push(event),
    readyDeadlineMs: 60_000,
  });
  const [port] = await pickFreePorts(1);
  address = `127.0.0.1:${port}`;
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await supervisor.start({
    name: 'inference',
    entry: here('../src/main.ts'),
    env: childEnvironment(around.environment({ GRPC_PORT: String(port), MAX_QUEUE_MS: '60000' })),
    nodeArgs: ['--conditions=source', '--import', here('./source/ts-register.mjs')],
  });
  await around.untilReady({ address }, [good, culprit]);
}, 120_000);

afterAll(async () => {
  supervisor.killAll();
  await supervisor.stopAll();
  await around.close();
});

/** Whether the journal of some process says that the version runs. */
async function isRunning(version: routing.ServedVersion): Promise<true | undefined> {
  const folder = join(around.folder, 'cache', 'runs');
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'latin1');
    if (text.includes(`run ${version.manifest?.sha256 ?? '-'}`)) return true;
  }
  return undefined;
}

/** Ends the process while it computes for the culprit, and waits until it is back. */
async function crashWhileRunning(): Promise<void> {
  const client = new ExchangeClient(address);
  const rows = Array.from({ length: 20_000 }, () => 1);
  void client.infer(culprit, ask(...rows), { timeoutMs: 60_000 });
  await eventually(() => isRunning(culpritVersion), 30_000);
  await crash();
  client.close();
}

/** Ends the process, and waits until it is back and the new one has said something. */
async function crash(): Promise<void> {
  const before = await around.heartbeatOf(address);
  events.length = 0;
  supervisor.kill('inference', 'SIGKILL');
  await eventually(() => events.find((event) => event.type === 'restarted'), 60_000);
  await around.until(address, (message) => message.replicaId !== before?.replicaId);
}

async function infer(id: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const client = new ExchangeClient(address);
  const answer = await client.infer(id, ask(3), { timeoutMs: 20_000 });
  client.close();
  return answer;
}

it('a version that ended the process is watched after the first time, and loaded and served all the same', async () => {
  await crashWhileRunning();
  await around.untilReady({ address }, [good, culprit]);
  expect((await infer(culprit)).body).toMatchObject({ outputs: [{ data: [9] }] });
  expect((await infer(good)).body).toMatchObject({ outputs: [{ data: [7] }] });
}, 120_000);

it('after the second time it is quarantined, alone: the replica says why, alerts, and serves the others', async () => {
  await crashWhileRunning();
  const heartbeat = await around.untilReady({ address }, [good]);
  expect(Object.keys(heartbeat.failedModelVersions)).toEqual([culprit]);
  expect(heartbeat.failedModelVersions[culprit]).toMatch(/it ended the process 2 times, .* while running/);
  expect((await infer(good)).body).toMatchObject({ outputs: [{ data: [7] }] });
  const refused = await infer(culprit);
  expect(refused.status).toBe(503);
  expect(refused.body['error']).toMatch(/is quarantined: it ended the process 2 times/);
  const log = await readFile(join(around.folder, 'logs', 'inference.log'), 'utf8');
  const alerts = log
    .split('\n')
    .filter((line) => line.includes('quarantined') && line.includes('"level":50'));
  expect(alerts.some((line) => line.includes(culprit))).toBe(true);
}, 120_000);

it('is served again once an operator loads it, also after the next start', async () => {
  const operator = operatorOf({ address });
  const listed = await operator.listServedVersions({ modelVersionIds: [culprit] });
  expect(listed.versions[0]).toMatchObject({ state: contract.VersionState.QUARANTINED });
  const { version } = await operator.loadVersion({ modelVersionId: culprit }, { deadlineMs: 60_000 });
  expect(version).toMatchObject({ state: contract.VersionState.READY, reason: '' });
  operator.close();
  expect((await infer(culprit)).status).toBe(200);
  await crash();
  await around.untilReady({ address }, [good, culprit]);
}, 120_000);
