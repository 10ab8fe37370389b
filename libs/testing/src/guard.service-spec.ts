import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { guardFolder, spawnGuard } from './guard.js';

let folder: string;
/** Stands for a server: a process of its own group that writes its pid down. */
let server: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-guard-'));
  await mkdir(join(folder, 'nats'));
  server = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await writeFile(join(folder, 'nats', 'nats-server.pid'), String(server.pid));
});
afterEach(async () => {
  server.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

it('a guard whose process is gone ends the servers and removes the folder', async () => {
  const guard = spawnGuard(folder);
  const ended = once(server, 'exit');
  // All that a guard sees of a process that was killed: the other end of its input is closed.
  guard.stdin?.destroy();
  expect(await ended).toEqual([null, 'SIGQUIT']);
  await eventually(() => Promise.resolve(existsSync(folder) ? undefined : true));
});

it('a guard that is released touches nothing', async () => {
  const guard = spawnGuard(folder);
  const ended = once(guard, 'exit');
  guardFolder(folder).release();
  guard.stdin?.end('released\n');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(folder)).toBe(true);
  expect(server.exitCode ?? server.signalCode).toBeNull();
});
