import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replica as contract } from '@aimass/contracts';
import { manifestDigest } from '@aimass/platform-blobs';
import { newId } from '@aimass/platform-persistence';
import { eventually } from '@aimass/testing';
import { ExchangeClient } from './exchange-client.js';
import { heavyModelFiles } from './heavy-model.fixture.js';
import { lineModelFiles, storeFiles } from './layers-model.fixture.js';
import { ask, operatorOf, Surroundings, versionOf } from './replica-under-test.js';
import type { Replica } from './replica-under-test.js';

const { VersionState } = contract;
const MIB = 1024 ** 2;
const WEIGHTS_BYTES = 16 * MIB;
const BUDGET_BYTES = 5 * WEIGHTS_BYTES;
const serving = { maxBatchRows: 0, batchDelayUs: 0, priority: 0, maxQueueMs: 0, pinned: false };
let around: Surroundings;

beforeAll(async () => {
  around = await Surroundings.create();
});
afterAll(() => around.close());

describe('a replica with memory for a few of its many versions', () => {
  const ids = Array.from({ length: 6 }, () => newId('mv'));
  const [pinned = ''] = ids;
  let replica: Replica;
  let gateway: ExchangeClient;

  beforeAll(async () => {
    // Weights that outweigh what else a load takes: the budget fits the pinned version and another at twice their weights.
    const files = ids.map((_, i) => heavyModelFiles(i + 1, { size: 2048 }));
    const versions = await Promise.all(ids.map((id, i) => around.version(id, files[i] ?? new Map())));
    await around.route(
      versions.map((version) => {
        return version.modelVersionId === pinned
          ? { ...version, serving: { ...serving, pinned: true } }
          : version;
      }),
    );
    replica = await around.startReplica({ MEMORY_BUDGET_BYTES: String(BUDGET_BYTES) });
    gateway = new ExchangeClient(replica.address);
    // Each is tried in a process that is compiled from its sources as it starts.
    const isSettled = (message: { readyModelVersionIds: string[]; coldModelVersionIds: string[] }): boolean =>
      message.readyModelVersionIds.length + message.coldModelVersionIds.length === ids.length;
    await around.until(replica.address, isSettled, 170_000);
  }, 180_000);
  afterAll(async () => {
    gateway.close();
    await replica.stop();
  });

  it('answers calls for all of them, those that come together among them, inside its budget', async () => {
    for (let round = 0; round < 2; round++) {
      const calls = ids.map((id) => gateway.infer(id, ask(round + 2), { timeoutMs: 60_000 }));
      const answers = await Promise.all(calls);
      expect(answers.map((answer) => answer.status)).toEqual(ids.map(() => 200));
      const data = answers.map(({ body }) => (body['outputs'] as { data: number[] }[])[0]?.data[0]);
      expect(data).toEqual(ids.map((_, i) => (i + 1) * (round + 2)));
    }
    const heartbeat = await around.until(replica.address, ({ readyModelVersionIds: ready, ...rest }) => {
      return ready.length + rest.coldModelVersionIds.length === ids.length;
    });
    expect(heartbeat.readyModelVersionIds.length).toBeLessThanOrEqual(5);
    expect(heartbeat.readyModelVersionIds).toContain(pinned);
    expect(Number(heartbeat.usedMemoryBytes)).toBeGreaterThanOrEqual(WEIGHTS_BYTES);
    expect(Number(heartbeat.usedMemoryBytes)).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(heartbeat.memoryBudgetBytes).toBe(String(BUDGET_BYTES));
  });

  it('tells operators what is where, and what each has done', async () => {
    const operator = operatorOf(replica);
    const { versions } = await operator.listServedVersions({ modelVersionIds: [] });
    expect(versions.map((version) => version.modelVersionId).sort()).toEqual([...ids].sort());
    for (const version of versions) {
      const isReady = version.state === VersionState.READY;
      expect(Number(version.memoryBytes) >= WEIGHTS_BYTES).toBe(isReady);
      expect(version.statistics).toMatchObject({ inferenceCount: '2', executionCount: '2' });
      expect(version.pinned).toBe(version.modelVersionId === pinned);
    }
    const asked = await operator.listServedVersions({ modelVersionIds: [ids[3] ?? '', 'mv_nobody'] });
    expect(asked.versions.map((version) => version.modelVersionId)).toEqual([ids[3]]);
    operator.close();
  });

  it("gives a call that cannot wait for the load a 504, and keeps the others' calls unharmed", async () => {
    const { coldModelVersionIds } = await around.until(replica.address, (message) => {
      return message.coldModelVersionIds.length > 0;
    });
    const [cold = ''] = coldModelVersionIds;
    const [late, fine] = await Promise.all([
      gateway.infer(cold, ask(1), { timeoutMs: 1 }),
      gateway.infer(pinned, ask(1)),
    ]);
    expect([late.status, fine.status]).toEqual([504, 200]);
  });
});

describe("an operator's word", () => {
  const id = newId('mv');
  let replica: Replica;
  let gateway: ExchangeClient;

  beforeAll(async () => {
    await around.route([await around.lineVersion(id, 2, 1)]);
    replica = await around.startReplica({ CACHE_DIR: join(around.folder, 'operator') });
    gateway = new ExchangeClient(replica.address);
    await around.untilReady(replica, [id]);
  });
  afterAll(async () => {
    gateway.close();
    await replica.stop();
  });

  it('unloads a version, whose calls are refused, and loads it again', async () => {
    const operator = operatorOf(replica);
    const unloaded = await operator.unloadVersion({ modelVersionId: id });
    expect(unloaded.version).toMatchObject({ state: VersionState.UNLOADED, memoryBytes: '0' });
    const refused = await gateway.infer(id, ask(1));
    expect(refused).toMatchObject({ status: 503 });
    expect(refused.body['error']).toContain('taken out of service');
    const loaded = await operator.loadVersion({ modelVersionId: id }, { deadlineMs: 30_000 });
    expect(loaded.version).toMatchObject({ state: VersionState.READY });
    expect(await gateway.infer(id, ask(1))).toMatchObject({ status: 200 });
    operator.close();
  });

  it('is refused for a version that the replica does not know', async () => {
    const operator = operatorOf(replica);
    const load = operator.loadVersion({ modelVersionId: 'mv_nobody' });
    await expect(load).rejects.toMatchObject({ kind: 'not_found' });
    operator.close();
  });
});

describe('other serving options', () => {
  it('take effect without loading the version again', async () => {
    const id = newId('mv');
    const version = await around.lineVersion(id, 2, 1);
    await around.route([version]);
    const replica = await around.startReplica({ CACHE_DIR: join(around.folder, 'options') });
    const [gateway, operator] = [new ExchangeClient(replica.address), operatorOf(replica)];
    const status = async () => (await operator.listServedVersions({ modelVersionIds: [id] })).versions[0];
    await around.untilReady(replica, [id]);
    const before = await status();
    await around.route([{ ...version, serving: { ...serving, maxBatchRows: 1, pinned: true } }]);
    await eventually(async () => (await status())?.pinned || undefined);
    await Promise.all(gateway.inferAll(id, [ask(1), ask(2), ask(3)]));
    const after = await status();
    expect(after?.statistics?.executionCount).toBe('3');
    expect(after?.loadMs).toBe(before?.loadMs);
    gateway.close();
    operator.close();
    await replica.stop();
  });
});

describe('files that are not what was registered', () => {
  const [good, flipped, missing, extra] = [newId('mv'), newId('mv'), newId('mv'), newId('mv')];
  let replica: Replica;
  let gateway: ExchangeClient;

  beforeAll(async () => {
    const versions = await Promise.all([
      around.lineVersion(good, 2, 1),
      around.version(flipped, heavyModelFiles(7)),
      around.version(missing, heavyModelFiles(8)),
    ]);
    const flippedFile = blobPath(versions[1].manifest?.files[0]?.sha256 ?? '');
    const bytes = await readFile(flippedFile);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    await writeFile(flippedFile, bytes);
    await rm(blobPath(versions[2].manifest?.files[0]?.sha256 ?? ''));
    const { files } = await storeFiles(around.blobs, await lineModelFiles(3, 1));
    const added = { path: 'zz.bin', ...(await around.blobs.put(Buffer.from('more'))) };
    const withExtra = versionOf(extra, { files: [...files, added], sha256: manifestDigest(files) });
    await around.route([...versions, withExtra]);
    replica = await around.startReplica({ CACHE_DIR: join(around.folder, 'damaged') });
    gateway = new ExchangeClient(replica.address);
    await around.until(replica.address, (message) => Object.keys(message.failedModelVersions).length === 3);
  });
  afterAll(async () => {
    gateway.close();
    await replica.stop();
  });

  it.each([
    ['a flipped byte', flipped, /damaged: its content has another digest/],
    ['a missing file', missing, /No blob with SHA-256/],
    ['an extra file', extra, /its digest does not fit its files/],
  ])('are not loaded: %s; the reason is told, and the version alone answers 503', async (_, id, reason) => {
    const { failedModelVersions } = await around.until(replica.address, () => true);
    expect(failedModelVersions[id]).toMatch(reason);
    const [refused, answered] = await Promise.all([gateway.infer(id, ask(1)), gateway.infer(good, ask(3))]);
    expect(refused).toMatchObject({ status: 503 });
    expect(refused.body['error']).toMatch(reason);
    expect(answered).toMatchObject({ status: 200, body: { outputs: [{ data: [7] }] } });
  });

  function blobPath(sha256: string): string {
    return join(around.folder, 'blobs', sha256.slice(0, 2), sha256);
  }
});
