import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultCacheDir, findNatsServer } from './find-nats-server.js';
import { publish } from './install-nats-server.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'aimass-find-nats-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers --version as nats-server does. */
function fakeServer(dir: string, version: string): string {
  mkdirSync(dir, { recursive: true });
  const binary = join(dir, 'nats-server');
  writeFileSync(binary, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
  return binary;
}

function find(path: string, log: (line: string) => void = () => undefined) {
  return findNatsServer({ cacheDir: join(folder, 'cache'), env: { PATH: path }, ways: [], log });
}

describe('findNatsServer', () => {
  it('takes a new enough server on PATH before the cache', async () => {
    const binary = fakeServer(join(folder, 'bin'), '2.11.3');
    fakeServer(join(folder, 'cache/nats-server/2.14.9'), '2.14.9');
    expect(await find(join(folder, 'bin'))).toEqual({
      binary,
      version: '2.11.3',
      from: 'path',
      belowFloor: false,
    });
  });

  it('passes over an old server on PATH for a newer one in the cache', async () => {
    fakeServer(join(folder, 'bin'), '2.9.10');
    const binary = fakeServer(join(folder, 'cache/nats-server/2.14.9'), '2.14.9');
    expect(await find(join(folder, 'bin'))).toMatchObject({ binary, from: 'cache' });
  });

  it('takes an old server as the last resort, with a loud warning', async () => {
    fakeServer(join(folder, 'bin'), '2.9.10');
    const lines: string[] = [];
    expect(await find(join(folder, 'bin'), (line) => lines.push(line))).toMatchObject({ belowFloor: true });
    expect(lines[0]).toContain('WARNING: nats-server 2.9.10 is older than 2.10.27');
  });

  it('says what was tried and what to do when there is none', async () => {
    const error = await find(join(folder, 'empty')).catch((error: unknown) => (error as Error).message);
    expect(error).toContain('PATH: no nats-server that runs');
    expect(error).toContain('installing: switched off');
    expect(error).toContain('NATS_URL=');
    expect(error).toContain('install Go');
  });

  it('tells why each way to install failed', async () => {
    const nowhere = {
      cacheDir: join(folder, 'cache'),
      env: { PATH: join(folder, 'empty') },
      log: () => undefined,
    };
    const error = await findNatsServer({ ...nowhere, ways: ['go', 'debian'] }).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(error).toContain('go: `go` is not on this machine');
    expect(error).toContain('debian: `apt-cache` is not on this machine');
  });
});

describe('publish', () => {
  const report = (version: string) => () => Promise.resolve(version);
  const way = (dir: string) => {
    fakeServer(dir, '2.14.9');
    return Promise.resolve();
  };

  it('lets two installers run at once', async () => {
    const results = await Promise.all([1, 2].map(() => publish(folder, report('2.14.9'), way)));
    expect(new Set(results.map(({ binary }) => binary)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['2.14.9']);
  });

  it('leaves nothing of an installation that failed or is too old', async () => {
    await expect(publish(folder, report('2.9.10'), way)).rejects.toThrow('older than');
    await expect(publish(folder, report('2.14.9'), () => Promise.reject(new Error('cut')))).rejects.toThrow(
      'cut',
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('honours XDG_CACHE_HOME when it is absolute', () => {
  expect(defaultCacheDir({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/aimass');
  expect(defaultCacheDir({ XDG_CACHE_HOME: 'relative' })).toMatch(/\.cache.aimass$/);
  expect(existsSync('relative')).toBe(false);
});
