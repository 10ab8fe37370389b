import { execFile, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childEnvironment } from '@aimass/platform-config';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../process/process-info.js';
import { startServers, type RunningServers } from './servers.js';
import { findRepositoryRoot } from './services.js';

let dir: string;
let running: RunningServers | undefined;

beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'aimass-servers-'))));
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(dir, { recursive: true, force: true });
});

async function start(options: { durable?: boolean } = {}): Promise<RunningServers> {
  running = await startServers({
    dir,
    databases: ['one', 'two'],
    durable: false,
    env: childEnvironment({}),
    ...options,
  });
  return running;
}

/** A plain Node process cannot run TypeScript: builds this library where its dependencies are found. */
async function buildForChild(): Promise<string> {
  const root = findRepositoryRoot();
  const out = join(root, 'node_modules/.cache/aimass-embedded-spec');
  const swc = createRequire(import.meta.url).resolve('@swc/cli/bin/swc.js');
  const args = [
    'src',
    '--out-dir',
    out,
    '--strip-leading-paths',
    '--config-file',
    join(root, '.swcrc'),
    '--quiet',
  ];
  await promisify(execFile)(process.execPath, [swc, ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  return out;
}

async function query(servers: RunningServers, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: servers.databaseUrl('one') });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

it('keeps tables and streams over a restart, durable from end to end', async () => {
  const first = await start({ durable: true });
  expect(await query(first, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const nats = await connect({ servers: first.natsUrl });
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
  await jetstream(nats).publish('kept', 'x');
  await nats.close();
  await first.stop();

  const second = await start({ durable: true });
  expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  const again = await connect({ servers: second.natsUrl });
  expect((await (await jetstreamManager(again)).streams.info('KEPT')).state.messages).toBe(1);
  await again.close();
  expect(readFileSync(join(dir, 'nats/nats-server.conf'), 'utf8')).toContain('sync_interval: always');
}, 60_000);

it('is private: passwords in a 0600 file, the owner is no superuser, nothing outside loopback', async () => {
  const servers = await start();
  expect(statSync(join(dir, 'postgres.credentials.json')).mode & 0o777).toBe(0o600);
  expect(await query(servers, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toEqual([
    { rolsuper: false },
  ]);
  expect(await query(servers, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const anonymous = new URL(servers.databaseUrl('one'));
  anonymous.password = 'guess';
  await expect(new pg.Client({ connectionString: anonymous.href }).connect()).rejects.toThrow(
    'password authentication failed',
  );
}, 60_000);

it('stops what a killed run left behind, and only that', async () => {
  const script = fileURLToPath(new URL('../../test/fixtures/abandons-servers.mjs', import.meta.url));
  const owner = fork(script, [await buildForChild(), dir]);
  const left = await new Promise<{ postgres: number; nats: number }>((resolve) =>
    owner.once('message', (pids) => resolve(pids as never)),
  );
  const ended = new Promise((resolve) => owner.once('exit', resolve));
  owner.kill('SIGKILL');
  await ended;
  expect([isAlive(left.postgres), isAlive(left.nats)]).toEqual([true, true]);

  const servers = await start();
  expect([isAlive(left.postgres), isAlive(left.nats)]).toEqual([false, false]);
  expect(await query(servers, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
}, 60_000);

it('starts a server again that dies', async () => {
  const servers = await start();
  await query(servers, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const before = { postgres: servers.postgres.pid(), nats: servers.nats?.pid() };
  servers.postgres.kill('SIGKILL');
  servers.nats?.kill('SIGKILL');
  expect(await eventually(() => query(servers, 'SELECT answer FROM kept'))).toEqual([{ answer: 42 }]);
  const nats = await eventually(() => connect({ servers: servers.natsUrl }));
  await nats.close();
  expect(servers.postgres.pid()).not.toBe(before.postgres);
  expect(servers.nats?.pid()).not.toBe(before.nats);
}, 60_000);

it('leaves nothing running and the folder free when one of them cannot start', async () => {
  const nats = { cacheDir: join(dir, 'no-cache'), ways: [] };
  const lines: string[] = [];
  const attempt = startServers({
    dir,
    env: { PATH: '' },
    nats,
    durable: false,
    log: (line) => lines.push(line),
  });
  await expect(attempt).rejects.toThrow('No usable nats-server');
  expect(existsSync(join(dir, 'postgres/postmaster.pid'))).toBe(false);
  await start();
}, 60_000);

it('reports the memory of both', async () => {
  const servers = await start();
  const memory = servers.memory();
  expect(Object.keys(memory).sort()).toEqual(['nats', 'postgres']);
  expect(Math.min(...Object.values(memory))).toBeGreaterThan(5);
}, 60_000);
