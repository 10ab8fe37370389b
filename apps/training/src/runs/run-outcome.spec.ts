import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessRunner } from '../runners/process-runner.js';
import { collectArtifacts } from './artifacts.js';
import { outcomeOf } from './run-outcome.js';

const ref = { jobId: 'job_1', run: 1 };
let dir: string;
let runner: ProcessRunner;
let blobs: FsBlobStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outcome-'));
  blobs = new FsBlobStore(join(dir, 'blobs'));
  runner = new ProcessRunner(blobs, { workDir: dir, command: [], tensorflowBackend: 'auto' });
  await mkdir(join(runner.rootOf(ref), 'output'), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

const collect = (root: string) => collectArtifacts(root, blobs);
const outcome = (code: number) => outcomeOf(ref, { kind: 'exited', code }, runner, collect);
const explain = (text: string) => writeFile(join(runner.rootOf(ref), 'output', 'failure'), text);

describe('what a run came to', () => {
  it('is lost when the trainer vanished or was killed', async () => {
    expect(await outcomeOf(ref, { kind: 'absent' }, runner, collect)).toMatchObject({ kind: 'lost' });
    expect(await outcome(137)).toEqual({ kind: 'lost', reason: 'it was ended by signal 9' });
    expect(await outcome(143)).toEqual({ kind: 'lost', reason: 'it was ended by signal 15' });
  });

  it('is the failure that the trainer explains, without characters the database cannot hold', async () => {
    await explain(`\u0000Too \u001b[31mfew rows.\n${'x'.repeat(3980)}${'😀'.repeat(100)}`);
    const failed = await outcome(1);
    const message = failed.kind === 'failed' ? failed.failure.message : '';
    expect(failed).toMatchObject({ kind: 'failed', failure: { code: 'trainer_failed' } });
    expect(message).toMatch(/^Too \[31mfew rows\.\nx+😀+$/u);
    expect(message.length).toBeLessThanOrEqual(4000);
  });

  it('is a crash with the end of the log when nothing is explained, or through a link', async () => {
    await symlink('/etc/passwd', join(runner.rootOf(ref), 'output', 'failure'));
    await writeFile(join(dir, 'job_1', '1', 'stderr'), 'oh no\n');
    const failure = { code: 'trainer_crashed', message: expect.stringContaining('oh no') as string };
    expect(await outcome(1)).toEqual({ kind: 'failed', failure });
  });

  it('is no_model when it ended well and left none', async () => {
    expect(await outcome(0)).toMatchObject({ kind: 'failed', failure: { code: 'no_model' } });
  });
});
