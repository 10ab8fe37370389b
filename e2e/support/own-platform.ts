import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform } from '@aimass/platform-embedded';
import type { PlatformOptions, RunningPlatform } from '@aimass/platform-embedded';
import { guardFolder } from '@aimass/testing';
import { Api } from './api.js';

/** A platform of a test's own, for what would disturb others. */
export interface OwnPlatform {
  readonly home: string;
  boot(options?: Pick<PlatformOptions, 'replicas' | 'extraEnv' | 'onEvent'>): Promise<RunningPlatform>;
  /** Stops what runs and removes the home. */
  dispose(): Promise<void>;
}

/** A home of its own; `boot` starts a platform on it, again and again. */
export async function ownPlatform(): Promise<OwnPlatform> {
  const home = await mkdtemp(join(tmpdir(), 'aimass-e2e-own-'));
  const guard = guardFolder(home);
  let running: RunningPlatform | undefined;
  return {
    home,
    boot: async (options = {}) => {
      running = await startPlatform({
        home,
        durable: false,
        env: childEnvironment({}),
        onProgress: () => undefined,
        ...options,
      });
      return running;
    },
    dispose: async () => {
      await running?.stop();
      await rm(home, { recursive: true, force: true });
      guard.release();
    },
  };
}

/** The administrator of a running platform. */
export function adminOf(platform: RunningPlatform): Api {
  return new Api(platform.gatewayUrl, platform.adminKey, 'platform');
}
