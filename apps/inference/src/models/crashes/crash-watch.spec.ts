import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LINE_SIGNATURE } from '../../../test/layers-model.fixture.js';
import type { Work } from '../run-journal.js';
import type { VersionSpec } from '../version-spec.js';
import { CrashWatch } from './crash-watch.js';
import { RUNS_TO_CLEAR } from './probation.js';

let folder: string;
let watch: CrashWatch | undefined;

function spec(id: string, sha256 = `digest-${id}`): VersionSpec {
  const manifest = { files: [], sha256 };
  return { id, modelName: 'm', number: 1, engine: 'e', format: 'f', signature: LINE_SIGNATURE, manifest };
}

/** Leaves the journal of a process that is gone. */
function crashed(...work: [Work, string, forMs?: number][]): void {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const slots = work.map(([kind, id, forMs = 0]) => {
    const slot = Buffer.from(`${kind} digest-${id} ${id}`.padEnd(192, '\0'));
    slot.writeDoubleLE(Date.now() - forMs, 184);
    return slot;
  });
  mkdirSync(join(folder, 'runs'), { recursive: true });
  writeFileSync(join(folder, 'runs', `${pid}-${work.length}${Math.random()}.journal`), Buffer.concat(slots));
}

async function stop(): Promise<void> {
  watch?.onModuleDestroy();
  await watch?.onApplicationShutdown();
}

async function restart(): Promise<CrashWatch> {
  await stop();
  return (watch = await CrashWatch.open(folder));
}

/** Completes runs as a resident model does. */
async function runs(by: CrashWatch, id: string, times: number): Promise<void> {
  const probation = by.probationOf(spec(id));
  for (let i = 0; i < times; i++) await probation?.run(() => Promise.resolve());
}

beforeEach(async () => {
  Logger.overrideLogger(false);
  folder = await mkdtemp(join(tmpdir(), 'aimass-crashes-'));
});
afterEach(async () => {
  await stop();
  watch = undefined;
  await rm(folder, { recursive: true });
});

describe('a version that was running when the process ended', () => {
  it('is quarantined after the second time, alone', async () => {
    crashed(['run', 'bad'], ['run', 'good']);
    const first = await restart();
    expect(first.quarantineOf(spec('bad'))).toBeUndefined();
    await runs(first, 'good', RUNS_TO_CLEAR);
    crashed(['run', 'bad'], ['run', 'other']);
    const second = await restart();
    expect(second.quarantineOf(spec('bad'))).toMatch(
      /^it ended the process 2 times, last at .* while running$/,
    );
    expect(second.quarantineOf(spec('good'))).toBeUndefined();
    expect(second.probationOf(spec('good'))).toBeUndefined();
    expect(second.quarantineOf(spec('other'))).toBeUndefined();
  });

  it('stays quarantined over further restarts, until its files change or an operator loads it', async () => {
    crashed(['run', 'bad']);
    await restart();
    crashed(['run', 'bad']);
    await restart();
    const third = await restart();
    expect(third.quarantineOf(spec('bad'))).toBeDefined();
    expect(third.quarantineOf(spec('bad', 'digest of other files'))).toBeUndefined();
    await third.lift(spec('bad'));
    expect((await restart()).quarantineOf(spec('bad'))).toBeUndefined();
  });

  it('is not cleared by loads, and not by fewer runs than it takes', async () => {
    crashed(['run', 'bad']);
    const first = await restart();
    await first.probationOf(spec('bad'))?.load(() => Promise.resolve());
    await runs(first, 'bad', RUNS_TO_CLEAR - 1);
    crashed(['run', 'bad']);
    expect((await restart()).quarantineOf(spec('bad'))).toBeDefined();
  });
});

describe('a version that was one of several when the process ended', () => {
  it('is forgotten when the next process ends without it, so that kills from outside convict nobody', async () => {
    crashed(['run', 'a'], ['run', 'b']);
    await restart();
    crashed(['run', 'b'], ['run', 'c']);
    const second = await restart();
    expect(second.quarantineOf(spec('b'))).toBeDefined();
    expect(second.probationOf(spec('a'))).toBeUndefined();
    crashed(['run', 'a'], ['run', 'd']);
    expect((await restart()).quarantineOf(spec('a'))).toBeUndefined();
  });

  it.each<[string, ...[Work, string, number?][]]>([
    ['it was alone', ['run', 'a']],
    ['it had been running for long', ['run', 'a', 5_000], ['run', 'b']],
  ])('is not forgotten when once %s', async (_, ...work) => {
    crashed(...work);
    await restart();
    crashed(['run', 'c']);
    await restart();
    crashed(['run', 'a'], ['run', 'd']);
    expect((await restart()).quarantineOf(spec('a'))).toBeDefined();
  });

  it('stays quarantined when others end the process later', async () => {
    for (let i = 0; i < 2; i++) {
      crashed(['run', 'a'], ['run', `other ${i}`.replace(' ', '')]);
      await restart();
    }
    crashed(['run', 'c']);
    expect((await restart()).quarantineOf(spec('a'))).toBeDefined();
  });
});

describe('a version that was loading when the process ended', () => {
  it('is cleared by one load, which a failure is not', async () => {
    crashed(['load', 'slow']);
    const first = await restart();
    const failing = first.probationOf(spec('slow'))?.load(() => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(first.probationOf(spec('slow'))).toBeDefined();
    await first.probationOf(spec('slow'))?.load(() => Promise.resolve());
    expect(first.probationOf(spec('slow'))).toBeUndefined();
  });

  it('is quarantined when it happens again', async () => {
    crashed(['load', 'bad']);
    await restart();
    crashed(['load', 'bad']);
    expect((await restart()).quarantineOf(spec('bad'))).toContain('while loading');
  });
});

describe('suspects', () => {
  it('work one at a time, so that the next crash has one name', async () => {
    crashed(['run', 'a'], ['run', 'b']);
    const after = await restart();
    let atOnce = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    };
    const [a, b] = [after.probationOf(spec('a')), after.probationOf(spec('b'))];
    await Promise.all([a?.run(work), b?.load(work), b?.run(work), a?.run(work)]);
    expect(most).toBe(1);
  });

  it('are no suspects after a clean stop', async () => {
    const first = await restart();
    first.journal.know('a', 'digest-a');
    first.journal.begin('a');
    expect((await restart()).probationOf(spec('a'))).toBeUndefined();
  });
});

it('counts a journal once, even when the process ends before it could take it away', async () => {
  crashed(['run', 'a']);
  const [name = ''] = await readdir(join(folder, 'runs'));
  const content = await readFile(join(folder, 'runs', name));
  await restart();
  writeFileSync(join(folder, 'runs', name), content);
  expect((await restart()).quarantineOf(spec('a'))).toBeUndefined();
});
