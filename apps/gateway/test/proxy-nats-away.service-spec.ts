import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '@aimass/platform-config';
import { findNatsServer, startNatsServer } from '@aimass/platform-embedded';
import type { NatsServer } from '@aimass/platform-embedded';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeReplica } from './proxy/fake-replica.js';
import { routeTo, startPlane } from './proxy/plane-under-test.js';
import type { PlaneUnderTest } from './proxy/plane-under-test.js';

const drop = (): void => undefined;
let folder: string;
let nats: NatsServer;
let replica: FakeReplica;
let under: PlaneUnderTest;

async function startNats(port?: number): Promise<NatsServer> {
  const { binary } = await findNatsServer({ env: childEnvironment({}), log: drop });
  const options = { binary, storeDir: join(folder, 'nats'), durable: false, log: drop };
  return startNatsServer(port === undefined ? options : { ...options, port });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-nats-'));
  nats = await startNats();
  under = await startPlane({}, nats.url);
  replica = await FakeReplica.start();
  await under.publish({ routes: [routeTo('faithful', 'mv_1')] });
  await under.beat(replica.address, { readyModelVersionIds: ['mv_1'] });
  await eventually(() => (under.plane.routes.find(under.organizationId, 'faithful') ? true : undefined));
  await eventually(() => (under.plane.replicas.isReady('mv_1') ? true : undefined));
});
afterAll(async () => {
  await under.stop();
  replica.stop();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
});

const inferAs = (requestId: string) => under.infer('faithful', { headers: { 'x-request-id': requestId } });

describe('while NATS is away', () => {
  it('predictions go on, and their usage arrives when it is back', async () => {
    await inferAs('before');
    await eventually(() => under.shipped.find(({ requestId }) => requestId === 'before'));
    const { port } = nats;
    await nats.stop();
    const ids = Array.from({ length: 50 }, (_, index) => `away-${index}`);
    for (const id of ids) expect((await inferAs(id)).status).toBe(200);

    nats = await startNats(port);
    await eventually(() => {
      const arrived = new Set(under.shipped.map(({ requestId }) => requestId));
      return ids.every((id) => arrived.has(id)) ? true : undefined;
    });
    expect((await inferAs('after')).status).toBe(200);
  });
});
