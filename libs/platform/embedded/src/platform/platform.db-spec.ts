import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '@aimass/platform-config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../process/process-info.js';
import type { SupervisorEvent } from '../supervisor/supervisor.js';
import { startPlatform, type PlatformOptions, type RunningPlatform } from './platform.js';
import { SERVICES } from './services.js';

let folder: string;
let platform: RunningPlatform | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimass-platform-'));
  for (const { name } of SERVICES) useFixture(name, 'well-behaved');
});
afterEach(async () => {
  await platform?.stop();
  platform = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a small program where the platform looks for a service. */
function useFixture(service: string, fixture: string): void {
  const dist = join(folder, 'root/apps', service, 'dist');
  mkdirSync(dist, { recursive: true });
  const fixtures = fileURLToPath(new URL('../../test/fixtures', import.meta.url));
  cpSync(join(fixtures, `${fixture}.mjs`), join(dist, 'main.js'));
  cpSync(join(fixtures, 'module.json'), join(dist, 'package.json'));
}

async function start(options: Partial<PlatformOptions> = {}): Promise<RunningPlatform> {
  const defaults = { home: join(folder, 'home'), root: join(folder, 'root'), durable: false };
  const env = childEnvironment({});
  platform = await startPlatform({ ...defaults, env, onProgress: () => undefined, ...options });
  return platform;
}

function pidsOf(running: RunningPlatform): number[] {
  return Object.values(running.services).map(({ pid }) => pid);
}

describe('startPlatform', () => {
  it('runs everything, and stop leaves nothing but the home', async () => {
    const running = await start();
    const pids = pidsOf(running);
    expect(pids).toHaveLength(7);
    expect(pids.every(isAlive)).toBe(true);
    expect(Object.keys(running.memory()).sort()).toEqual(
      [...SERVICES.map(({ name }) => name), 'nats', 'postgres'].sort(),
    );
    expect(running.bootSeconds).toBeGreaterThan(0);
    await running.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(running.home, 'lock'))).toBe(false);
    expect(existsSync(join(running.home, 'postgres/postmaster.pid'))).toBe(false);
  }, 60_000);

  it('finds its key again at the second start, and refuses a second one on the same home', async () => {
    const first = await start();
    await expect(
      startPlatform({ home: first.home, root: join(folder, 'root'), env: {}, onProgress: () => undefined }),
    ).rejects.toThrow('already runs on');
    await first.stop();
    expect((await start()).adminKey).toBe(first.adminKey);
  }, 60_000);

  it('restarts a service that is killed and tells its new pid', async () => {
    let back: (event: SupervisorEvent) => void = () => undefined;
    const restarted = new Promise<SupervisorEvent>((resolve) => (back = resolve));
    const running = await start({ onEvent: (event) => event.type === 'restarted' && back(event) });
    const before = running.services.training.pid;
    running.killService('training', 'SIGKILL');
    expect(await restarted).toMatchObject({ name: 'training' });
    expect(running.services.training.pid).not.toBe(before);
    expect(isAlive(running.services.training.pid)).toBe(true);
  }, 60_000);

  it('adds and removes inference replicas while it runs, and stops what is left of them', async () => {
    const running = await start({ replicas: 2 });
    const [, second] = running.replicas();
    const third = await running.addReplica();
    expect(running.replicas().map(({ name }) => name)).toEqual(['inference', 'inference-2', 'inference-3']);
    expect(isAlive(third.pid)).toBe(true);
    await running.removeReplica('inference-2');
    expect(isAlive(second?.pid ?? 0)).toBe(false);
    expect(running.replicas().map(({ name }) => name)).toEqual(['inference', 'inference-3']);
    await running.stop();
    expect(isAlive(third.pid)).toBe(false);
  }, 60_000);

  it('leaves nothing running when one service does not start', async () => {
    useFixture('marketplace', 'fails-at-boot');
    await expect(start()).rejects.toThrow(/marketplace ended with code 3[^]*DATABASE_URL is not a URL/);
    const home = join(folder, 'home');
    expect(existsSync(join(home, 'postgres/postmaster.pid'))).toBe(false);
    expect(existsSync(join(home, 'lock'))).toBe(false);
    useFixture('marketplace', 'well-behaved');
    await start();
  }, 60_000);

  it('stops what it has started when the boot is interrupted', async () => {
    useFixture('inference', 'never-ready');
    const boot = new AbortController();
    const onProgress = (line: string) =>
      line.startsWith('gateway is') && boot.abort(new Error('interrupted'));
    await expect(start({ signal: boot.signal, onProgress })).rejects.toThrow('interrupted');
    expect(existsSync(join(folder, 'home/lock'))).toBe(false);
    expect(existsSync(join(folder, 'home/postgres/postmaster.pid'))).toBe(false);
  }, 60_000);

  it('says what to run when the services are not built', async () => {
    rmSync(join(folder, 'root/apps/training'), { recursive: true });
    await expect(start()).rejects.toThrow('Not built yet: training. Run `npm run build` first.');
  });
});
