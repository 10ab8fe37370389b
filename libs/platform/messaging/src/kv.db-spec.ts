import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { trainingEvents } from '@aimass/contracts';
import { childEnvironment } from '@aimass/platform-config';
import { findNatsServer, startNatsServer } from '@aimass/platform-embedded';
import type { NatsServer } from '@aimass/platform-embedded';
import { Kvm } from '@nats-io/kv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateBucket } from './kv.js';
import { connectNats } from './nats.js';

const codec = trainingEvents.JobCancelled;
type State = trainingEvents.JobCancelled;

let folder: string;
let server: NatsServer;
let nats: NatsConnection;
let name: string;
let bucket: StateBucket<State>;
let stop: AbortController;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-test-'));
  const log = (): void => undefined;
  const { binary } = await findNatsServer({ env: childEnvironment({}), log });
  server = await startNatsServer({ binary, storeDir: join(folder, 'nats'), log });
  nats = await connectNats(server.url, 'test');
});

afterAll(async () => {
  await nats.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  name = `test_${randomUUID()}`;
  bucket = new StateBucket(nats, name, codec);
  stop = new AbortController();
});

afterEach(() => stop.abort());

const state = (jobId: string): State => ({ organizationId: 'org_a', jobId });

/** A follower, what it knows, and how often it was told that it is up to date. */
function follower() {
  const known = new Map<string, string | null>();
  const onSynced = vi.fn(() => new Map(known));
  const ended = bucket.follow(
    stop.signal,
    (key, message) => known.set(key, message && message.jobId),
    onSynced,
  );
  const becomes = (entries: Record<string, string | null>): Promise<void> =>
    vi.waitFor(() => expect(Object.fromEntries(known)).toEqual(entries), { timeout: 15_000, interval: 20 });
  return { onSynced, ended, becomes };
}

describe('a bucket', () => {
  it('holds the last state under each key', async () => {
    expect(await bucket.find('a')).toBeNull();
    await bucket.put('a', state('1'));
    await bucket.put('a', state('2'));
    expect(await bucket.find('a')).toEqual(state('2'));
    await bucket.delete('a');
    expect(await bucket.find('a')).toBeNull();
  });

  it('is made again when it is gone', async () => {
    await bucket.put('a', state('1'));
    await (await new Kvm(nats).open(name)).destroy();
    await vi.waitFor(() => bucket.put('b', state('2')), { timeout: 10_000 });
    expect(await bucket.find('b')).toEqual(state('2'));
  });
});

describe('a follower', () => {
  it('sees the present state, then knows that it is complete, then sees changes and deletions', async () => {
    await bucket.put('a', state('1'));
    await bucket.put('b', state('1'));
    await bucket.put('b', state('2'));
    const { onSynced, becomes } = follower();
    await vi.waitFor(() => expect(onSynced).toHaveBeenCalledOnce());
    expect(onSynced.mock.results[0]?.value).toEqual(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
    await bucket.put('c', state('3'));
    await bucket.put('a', state('9'));
    await bucket.delete('b');
    await becomes({ a: '9', b: null, c: '3' });
    expect(onSynced).toHaveBeenCalledOnce();
  });

  it('passes over an entry that cannot be read, keeps what it had, and hears the ones behind it', async () => {
    await bucket.put('a', state('1'));
    const { becomes } = follower();
    await becomes({ a: '1' });
    const raw = await new Kvm(nats).open(name);
    await raw.put('a', new Uint8Array([0xff, 0xff, 0xff]));
    await bucket.put('b', state('2'));
    await becomes({ a: '1', b: '2' });
  });

  it('of an empty bucket knows at once that there is nothing', async () => {
    const { onSynced, becomes } = follower();
    await vi.waitFor(() => expect(onSynced).toHaveBeenCalledOnce());
    expect(onSynced.mock.results[0]?.value).toEqual(new Map());
    await bucket.put('a', state('1'));
    await becomes({ a: '1' });
  });

  it('of a bucket whose keys were all deleted knows that it is up to date', async () => {
    await bucket.put('a', state('1'));
    await bucket.delete('a');
    const { onSynced } = follower();
    await vi.waitFor(() => expect(onSynced).toHaveBeenCalledOnce());
  });

  it('hears what was changed after NATS was killed and came back', async () => {
    await bucket.put('a', state('1'));
    const { onSynced, becomes } = follower();
    await becomes({ a: '1' });
    server.kill('SIGKILL');
    await vi.waitFor(() => bucket.put('a', state('2')), { timeout: 15_000 });
    await bucket.delete('b');
    await becomes({ a: '2', b: null });
    expect(onSynced).toHaveBeenCalledOnce();
  });

  it.each(['at once', 'a little later'])('ends when its signal aborts %s', async (when) => {
    const { ended, onSynced } = follower();
    if (when !== 'at once') await vi.waitFor(() => expect(onSynced).toHaveBeenCalledOnce());
    stop.abort();
    await ended;
  });
});
