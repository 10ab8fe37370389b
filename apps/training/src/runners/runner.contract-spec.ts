import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@aimass/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Runner, RunRef, RunSpec, RunStatus } from './runner.js';

/** A runner whose trainer is a Node program with this text. */
export interface RunnerUnderContract {
  /** `sha256` is a blob with the content `PAR1`. */
  create(program: string): Promise<{ runner: Runner; sha256: string }>;
}

const KEEPS_RUNNING = `setInterval(() => {}, 1000); process.stdout.write('{"progress":0}\\n');`;
let jobs = 0;

/** What every Runner promises. */
export function describeRunner(name: string, contract: RunnerUnderContract): void {
  describe(`${name} as a Runner`, () => {
    let spec: RunSpec;

    beforeEach(() => {
      jobs += 1;
      const jobId = `job_${String(jobs).padStart(32, '0')}`;
      spec = { jobId, run: 1, hyperparameters: { target: 'a b', algorithm: 'x' }, channels: [] };
    });

    const start = async (program: string): Promise<Runner> => {
      const { runner, sha256 } = await contract.create(program);
      spec = { ...spec, channels: [{ name: 'train', sha256 }] };
      await runner.start(spec);
      return runner;
    };
    const ended = (runner: Runner, ref: RunRef = spec): Promise<RunStatus> =>
      eventually(async () => {
        const status = await runner.find(ref);
        return status.kind === 'running' ? undefined : status;
      });

    it('lays out the container contract', async () => {
      const runner = await start('');
      const root = runner.rootOf(spec);
      const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
      expect(JSON.parse(read('input', 'config', 'hyperparameters.json'))).toEqual(spec.hyperparameters);
      expect(Object.keys(JSON.parse(read('input', 'config', 'inputdataconfig.json')) as object)).toEqual([
        'train',
      ]);
      expect(JSON.parse(read('input', 'config', 'resourceconfig.json'))).toMatchObject({
        current_host: 'algo-1',
      });
      expect(read('input', 'data', 'train', 'part-0.parquet')).toBe('PAR1');
      await ended(runner);
    });

    it('tells the exit code and what was printed, also to another instance', async () => {
      const runner = await start(
        `process.stdout.write('one\\ntwo\\n'); process.stderr.write('a log'); process.exitCode = 3;`,
      );
      expect(await ended(runner)).toEqual({ kind: 'exited', code: 3 });
      expect((await runner.readOutput(spec, 4, 100)).toString()).toBe('two\n');
      expect((await runner.readOutput(spec, 8, 100)).length).toBe(0);
      expect((await runner.readLog(spec, 3)).toString()).toBe('log');
      expect(await runner.outputSize(spec)).toBe(13);
    });

    it('knows that a trainer runs, and ends it politely', async () => {
      const runner = await start(`process.on('SIGTERM', () => process.exit(42)); ${KEEPS_RUNNING}`);
      await eventually(async () => ((await runner.outputSize(spec)) > 0 ? true : undefined));
      expect(await runner.find(spec)).toEqual({ kind: 'running' });
      await runner.terminate(spec);
      expect(await ended(runner)).toEqual({ kind: 'exited', code: 42 });
    });

    it('ends a trainer that does not listen, with its children', async () => {
      const child = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => process.stdout.write("."), 10)'], { stdio: 'inherit' });`;
      const runner = await start(`process.on('SIGTERM', () => {}); ${child} ${KEEPS_RUNNING}`);
      await eventually(async () => ((await runner.outputSize(spec)) > 20 ? true : undefined));
      await runner.terminate(spec);
      expect(await runner.find(spec)).toEqual({ kind: 'running' });
      await runner.kill(spec);
      expect(await ended(runner)).toEqual({ kind: 'absent' });
      let size = -1;
      await eventually(async () => {
        const before = size;
        size = await runner.outputSize(spec);
        return size === before ? true : undefined;
      });
    });

    it('finds nothing where nothing was started, and ending that is harmless', async () => {
      const { runner } = await contract.create('');
      expect(await runner.find(spec)).toEqual({ kind: 'absent' });
      await runner.terminate(spec);
      await runner.kill(spec);
      await runner.discard(spec.jobId);
      expect((await runner.readLog(spec, 10)).length).toBe(0);
    });

    it('gives the checkpoints of one run to the next, and ends the former', async () => {
      const runner = await start(KEEPS_RUNNING);
      writeFileSync(join(runner.rootOf(spec), 'checkpoints', 'state'), 'half way');
      const next = { ...spec, run: 2 };
      await runner.start(next);
      expect(readFileSync(join(runner.rootOf(next), 'checkpoints', 'state'), 'utf8')).toBe('half way');
      expect(await runner.find(spec)).toEqual({ kind: 'absent' });
      expect((await runner.list()).filter(({ jobId }) => jobId === spec.jobId)).toEqual([
        { jobId: spec.jobId, run: 2 },
      ]);
      await runner.discard(spec.jobId);
      expect(await runner.find(next)).toEqual({ kind: 'absent' });
      expect(existsSync(runner.rootOf(next))).toBe(false);
    });

    it('does not start without its data', async () => {
      const { runner } = await contract.create('');
      const absent = { name: 'train', sha256: '0'.repeat(64) };
      await expect(runner.start({ ...spec, channels: [absent] })).rejects.toThrow(/No blob/);
      expect(await runner.find(spec)).toEqual({ kind: 'absent' });
    });
  });
}
