import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServers } from '@aimass/platform-embedded';
import { childEnvironment } from '@aimass/platform-config';
import type { TestProject } from 'vitest/node';
import { guardFolder } from './guard.js';
import type {} from './servers.js';

/** Boots one Postgres and one NATS for a whole test run, and takes them away afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'aimass-test-'));
  const guard = guardFolder(dir);
  const servers = await startServers({ dir, durable: false, env: childEnvironment({}) });
  project.provide('adminDatabaseUrl', servers.databaseUrl('postgres'));
  project.provide('natsUrl', servers.natsUrl);
  return async () => {
    await servers.stop();
    await rm(dir, { recursive: true, force: true });
    guard.release();
  };
}
