import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateAdminKey, loadAdminKey } from './admin-key.js';
import { lockHome, prepareHome } from './home-folder.js';
import { startPlatform } from './platform.js';
import { loadSecretsKeys } from './secrets-keys.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'aimass-home-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('prepareHome', () => {
  it('creates the folder', () => expect(existsSync(prepareHome(join(folder, 'a/b')))).toBe(true));

  it('names a folder that cannot be written to, and the way out', () => {
    // Below a file: not even root can create a folder there.
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => prepareHome(join(file, 'home'))).toThrow(
      /home folder .*file.home cannot be written to[^]*--home/,
    );
  });
});

describe('lockHome', () => {
  it('is held by one at a time', () => {
    const release = lockHome(folder);
    expect(() => lockHome(folder)).toThrow(
      `Another AI Mass (process ${process.pid}) already runs on ${folder}`,
    );
    release();
    lockHome(folder)();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  it.each([
    ['whose process is gone', () => JSON.stringify({ pid: spawnSync('true').pid, started: '1' })],
    [
      'whose pid now belongs to another process',
      () => JSON.stringify({ pid: process.pid, started: 'earlier' }),
    ],
    ['that was cut short', () => '{"pid":'],
  ])('takes over a lock %s', (_case, content) => {
    writeFileSync(join(folder, 'lock'), content());
    lockHome(folder)();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });
});

describe('startPlatform', () => {
  it('refuses a taken port before it touches anything', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const home = join(folder, 'home');
    await expect(startPlatform({ home, port, env: {}, onProgress: () => undefined })).rejects.toThrow(
      'already taken',
    );
    expect(existsSync(home)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the admin key', () => {
  it('is am_ and 43 base62 characters', () => expect(generateAdminKey()).toMatch(/^am_[0-9A-Za-z]{43}$/));

  it('stays the same for a home', () => expect(loadAdminKey(folder)).toBe(loadAdminKey(folder)));
});

describe('the secrets keys', () => {
  const file = () => join(folder, 'secrets-keys');

  it('are one random key of 256 bits at first, for this user alone, and stay the same for a home', () => {
    const keys = loadSecretsKeys(folder);
    expect(keys).toMatch(/^key-1:[A-Za-z0-9+/]{43}=$/);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(loadSecretsKeys(folder)).toBe(keys);
    rmSync(file());
    expect(loadSecretsKeys(folder)).not.toBe(keys);
  });

  it('are as many as there are lines, the first one first', () => {
    loadSecretsKeys(folder);
    const old = readFileSync(file(), 'utf8');
    writeFileSync(file(), `key-2:abc\n\n${old}`);
    expect(loadSecretsKeys(folder)).toBe(`key-2:abc,${old.trim()}`);
  });
});
