import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isGuardAlive, readExitCode, signalGroup, startGuarded } from './guard.js';
import { ProcessRunner } from './process-runner.js';
import { describeRunner } from './runner.contract-spec.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'runner-'));
});
afterAll(() => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

describeRunner('ProcessRunner', {
  async create(program) {
    const blobs = new FsBlobStore(join(dir, 'blobs'));
    const { sha256 } = await blobs.put(Buffer.from('PAR1'));
    const command = [process.execPath, '-e', program];
    return {
      runner: new ProcessRunner(blobs, { workDir: join(dir, 'work'), command, tensorflowBackend: 'auto' }),
      sha256,
    };
  },
});

describe('the guard of a trainer', () => {
  const folderFor = async (name: string): Promise<string> => {
    const folder = join(dir, name);
    await mkdir(folder);
    return folder;
  };
  const sleeping = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];

  it('passes arguments on as they are', async () => {
    const folder = await folderFor('it\'s $(odd) "name"');
    const text = '$(touch hacked); `touch hacked` "\' \n*';
    const command = [process.execPath, '-e', 'process.stdout.write(process.argv[1])', text];
    await startGuarded({ folder, command, cwd: folder, env: {} });
    expect(await eventually(async () => (await readExitCode(folder)) ?? undefined)).toBe(0);
    expect(await readFile(join(folder, 'stdout'), 'utf8')).toBe(text);
    expect(existsSync(join(folder, 'hacked'))).toBe(false);
  });

  it('starts nothing once that is forbidden', async () => {
    const folder = await folderFor('forbidden');
    await writeFile(join(folder, 'forbidden'), '');
    await startGuarded({ folder, command: sleeping, cwd: folder, env: {} });
    await eventually(() => (existsSync(join(folder, 'guard')) ? true : undefined));
    await eventually(async () => ((await isGuardAlive(folder)) ? undefined : true));
    expect(existsSync(join(folder, 'stdout'))).toBe(false);
  });

  it('is not mistaken for another process with its pid, nor that one signalled', async () => {
    const folder = await folderFor('reused');
    await startGuarded({ folder, command: sleeping, cwd: folder, env: {} });
    await eventually(async () => ((await isGuardAlive(folder)) ? true : undefined));
    const record = await readFile(join(folder, 'guard'), 'utf8');
    const another = await folderFor('another');
    // The same pid on the same boot, but started one clock tick later.
    const later = record.replace(
      /(\) (?:\S+ ){19})(\d+)/,
      (_all, before: string, start: string) => `${before}${Number(start) + 1}`,
    );
    await writeFile(
      join(another, 'guard'),
      process.platform === 'linux' ? later : record.replace(/\d\d:\d\d:\d\d/, '00:00:00'),
    );
    expect(await isGuardAlive(another)).toBe(false);
    await signalGroup(another, 'SIGKILL');
    expect(await isGuardAlive(folder)).toBe(true);
    await signalGroup(folder, 'SIGKILL');
    await eventually(async () => ((await isGuardAlive(folder)) ? undefined : true));
  });
});
