import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform } from '@aimass/platform-embedded';
import { guardFolder } from '@aimass/testing';
import type { TestProject } from 'vitest/node';

/** Small enough that a test can pass it. */
export const UPLOAD_LIMIT_BYTES = 8 * 1024 * 1024;

/** Boots the embedded platform, as built, for a whole test run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'aimass-e2e-'));
  const guard = guardFolder(home);
  const platform = await startPlatform({
    home,
    durable: false,
    env: childEnvironment({}),
    extraEnv: {
      UPLOAD_LIMIT_BYTES: String(UPLOAD_LIMIT_BYTES),
      BODY_LIMIT_BYTES: String(1024 * 1024),
      // The servers of the tests, which sources read.
      EGRESS_ALLOW: '127.0.0.1',
    },
    onProgress: () => undefined,
  });
  project.provide('gatewayUrl', platform.gatewayUrl);
  project.provide('adminKey', platform.adminKey);
  const [replica] = platform.replicas();
  if (replica === undefined) throw new Error('The platform has no inference replica.');
  project.provide('replicaUrl', replica.httpUrl);
  return async () => {
    await platform.stop();
    await rm(home, { recursive: true, force: true });
    guard.release();
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The shared platform's public address. */
    gatewayUrl: string;
    /** Its administrator's key. */
    adminKey: string;
    /** Its inference replica, as operators reach it: REST and gRPC. */
    replicaUrl: string;
  }
}
