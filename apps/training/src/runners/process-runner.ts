import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '@aimass/platform-blobs';
import { childEnvironment } from '@aimass/platform-config';
import { forbidStart, isGuardAlive, readExitCode, signalGroup, startGuarded } from './guard.js';
import { layOutMlRoot, trainerEnvironment } from './ml-root.js';
import type { Runner, RunRef, RunSpec, RunStatus } from './runner.js';

/** Where and what a process runner runs. */
export interface ProcessRunnerOptions {
  /** Each run has the folder `<workDir>/<job>/<run>`, with the contract's layout in `ml`. */
  readonly workDir: string;
  /** The trainer and its arguments; nothing is added. */
  readonly command: readonly string[];
  readonly tensorflowBackend: string;
}

/** Runs trainers as processes of this machine, each under a guard that outlives the service. */
export class ProcessRunner implements Runner {
  constructor(
    private readonly blobs: BlobStore,
    private readonly options: ProcessRunnerOptions,
  ) {}

  async start(spec: RunSpec): Promise<void> {
    const root = this.rootOf(spec);
    await mkdir(this.folderOf(spec), { recursive: true, mode: 0o700 });
    await layOutMlRoot(root, spec, this.blobs);
    await this.takeOverCheckpoints(spec);
    const { command, tensorflowBackend } = this.options;
    const env = trainerEnvironment(root, spec, childEnvironment({}), tensorflowBackend);
    await startGuarded({ folder: this.folderOf(spec), command, cwd: root, env });
    // A guard needs a moment to write its record; a run without one counts as absent.
    await this.untilKnown(spec);
  }

  async find(ref: RunRef): Promise<RunStatus> {
    const folder = this.folderOf(ref);
    const before = await readExitCode(folder);
    if (before !== null) return { kind: 'exited', code: before };
    if (await isGuardAlive(folder)) return { kind: 'running' };
    const after = await readExitCode(folder);
    return after === null ? { kind: 'absent' } : { kind: 'exited', code: after };
  }

  async terminate(ref: RunRef): Promise<void> {
    await forbidStart(this.folderOf(ref));
    await signalGroup(this.folderOf(ref), 'SIGTERM');
  }

  async kill(ref: RunRef): Promise<void> {
    await forbidStart(this.folderOf(ref));
    await signalGroup(this.folderOf(ref), 'SIGKILL');
  }

  async readOutput(ref: RunRef, offset: number, maxBytes: number): Promise<Buffer> {
    return readPart(join(this.folderOf(ref), 'stdout'), offset, maxBytes);
  }

  async readLog(ref: RunRef, maxBytes: number): Promise<Buffer> {
    const path = join(this.folderOf(ref), 'stderr');
    return readPart(path, Math.max(0, (await sizeOf(path)) - maxBytes), maxBytes);
  }

  async outputSize(ref: RunRef): Promise<number> {
    const folder = this.folderOf(ref);
    return (await sizeOf(join(folder, 'stdout'))) + (await sizeOf(join(folder, 'stderr')));
  }

  rootOf(ref: RunRef): string {
    return join(this.folderOf(ref), 'ml');
  }

  async discard(jobId: string): Promise<void> {
    for (const run of await this.runsOf(jobId)) await this.kill({ jobId, run });
    await rm(join(this.options.workDir, jobId), {
      recursive: true,
      force: true,
      maxRetries: 5,
      retryDelay: 100,
    });
  }

  async list(): Promise<RunRef[]> {
    const jobs = (await namesIn(this.options.workDir)).filter((name) => /^job_[0-9a-f]{32}$/.test(name));
    const runs = await Promise.all(
      jobs.map(async (jobId) => (await this.runsOf(jobId)).map((run) => ({ jobId, run }))),
    );
    return runs.flat();
  }

  /** The newest earlier run's checkpoints become this run's; its remains are ended and removed. */
  private async takeOverCheckpoints(spec: RunSpec): Promise<void> {
    const earlier = (await this.runsOf(spec.jobId)).filter((run) => run < spec.run).sort((a, b) => b - a);
    const target = join(this.rootOf(spec), 'checkpoints');
    for (const [index, run] of earlier.entries()) {
      const ref = { jobId: spec.jobId, run };
      await this.kill(ref);
      if (index === 0) {
        await rm(target, { recursive: true, force: true });
        await rename(join(this.rootOf(ref), 'checkpoints'), target).catch(() =>
          mkdir(target, { recursive: true }),
        );
      }
      await rm(this.folderOf(ref), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }

  private async untilKnown(ref: RunRef): Promise<void> {
    const deadline = Date.now() + 5_000;
    while (Date.now() < deadline && (await this.find(ref)).kind === 'absent') {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private async runsOf(jobId: string): Promise<number[]> {
    const names = await namesIn(join(this.options.workDir, jobId));
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  }

  private folderOf({ jobId, run }: RunRef): string {
    return join(this.options.workDir, jobId, String(run));
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readPart(path: string, offset: number, maxBytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, size - offset)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
