import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ModelFiles } from '../engine.js';
import { entryPoint } from '../entry-point.js';
import { fromRemoteError } from '../remote-error.js';
import type { TrialAnswer, TrialHeader } from './trial-messages.js';

/** Bounds of one trial. */
export interface TrialLimits {
  readonly seconds: number;
  /** What loading and warming up may add to the process. */
  readonly memoryBytes: number;
}

/** What came of a trial. */
export type TrialOutcome =
  | { readonly kind: 'passed'; readonly runMs: number; readonly peakBytes: number }
  /** The engine refused it, as it would here. */
  | { readonly kind: 'refused'; readonly error: Error }
  /** It ended the process, or was ended. */
  | { readonly kind: 'fatal'; readonly reason: string };

/** What the system holds the process to. */
interface ProcessLimits {
  readonly dataBytes: number;
  readonly cpuSeconds: number;
}

/** Between two looks at the memory of the process; it can grow by about 2 GB in a second. */
const LOOK_MS = 20;
/** Time for Node and an engine to start on a machine that is busy with everything else. */
const START_MS = 120_000;
/** What Node and an engine take before there is a model. Mappings that are written to count, also unused ones. */
const BASE_BYTES = 1024 ** 3;
/** What Node and an engine take besides a model while they load and run one: compiled code, threads, garbage. */
const RUNTIME_BYTES = 256 * 1024 ** 2;

/**
 * Tries a model in a process of its own: without environment, in an empty folder, at low priority, and within limits of
 * time and memory. What is in the model can end that process only.
 */
export async function runTrial(
  header: Omit<TrialHeader, 'files'>,
  files: ModelFiles,
  limits: TrialLimits,
): Promise<TrialOutcome> {
  const root = join(header.settings.workFolder, 'trials');
  await mkdir(root, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(root, 'trial-'));
  try {
    const child = start(folder, {
      dataBytes: limits.memoryBytes + RUNTIME_BYTES + BASE_BYTES,
      cpuSeconds: START_MS / 1000 + limits.seconds * header.settings.onnxThreads,
    });
    const outcome = observe(child, limits);
    const settings = { ...header.settings, workFolder: join(folder, 'work') };
    await send(child.stdin as Writable, { ...header, settings, files: [] }, files);
    return await outcome;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start(cwd: string, { dataBytes, cpuSeconds }: ProcessLimits): ChildProcess {
  const { path, execArgv } = entryPoint('./trial-child', import.meta.url);
  const args = [...execArgv, path];
  const stdio = ['pipe', 'ignore', 'ignore', 'ipc'] as const;
  // The limit makes allocations fail, which engines report; without it the growing process is seen and ended.
  // The one of processor time ends a loop that has outlived the replica.
  const script =
    `ulimit -c 0; ulimit -t ${Math.ceil(cpuSeconds)}; ` +
    `ulimit -d ${Math.ceil(dataBytes / 1024)} 2>/dev/null; exec "$0" "$@"`;
  const child =
    process.platform === 'win32'
      ? spawn(process.execPath, args, { cwd, env: {}, stdio: [...stdio] })
      : spawn('/bin/sh', ['-c', script, process.execPath, ...args], { cwd, env: {}, stdio: [...stdio] });
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, and that will be heard of.
  }
  return child;
}

/** A process that does not read any more has ended, and its end says more than the broken pipe. */
async function send(stdin: Writable, header: TrialHeader, files: ModelFiles): Promise<void> {
  stdin.on('error', () => undefined);
  const listed = [...files].map(([path, content]) => ({ path, sizeBytes: content.length }));
  const json = Buffer.from(JSON.stringify({ ...header, files: listed }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  for (const part of [length, json, ...files.values()]) {
    await new Promise<void>((resolve) => stdin.write(part, () => resolve()));
  }
  stdin.end();
}

function observe(child: ChildProcess, { seconds, memoryBytes }: TrialLimits): Promise<TrialOutcome> {
  return new Promise((resolve, reject) => {
    let outcome: TrialOutcome | undefined;
    let limitBytes = memoryBytes + RUNTIME_BYTES + BASE_BYTES;
    const end = (reason: string): void => {
      outcome ??= { kind: 'fatal', reason };
      child.kill('SIGKILL');
    };
    const late = (): void => end(`did not load and run within ${seconds} s`);
    // The model's time begins when the engine is there: how long that takes is not the model's fault.
    let timer = setTimeout(late, START_MS);
    const look = setInterval(() => {
      void residentBytes(child.pid).then((bytes) => {
        if (bytes > limitBytes) end(tooMuchMemory(memoryBytes));
      });
    }, LOOK_MS);
    child.on('message', (answer: TrialAnswer) => {
      if (answer.kind === 'ready') {
        limitBytes = memoryBytes + RUNTIME_BYTES + answer.rssBytes;
        clearTimeout(timer);
        timer = setTimeout(late, seconds * 1000);
      } else outcome ??= outcomeOf(answer, memoryBytes);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearInterval(look);
      resolve(
        outcome ?? { kind: 'fatal', reason: `ended its process (${signal ?? `exit code ${code ?? 0}`})` },
      );
    });
  });
}

function outcomeOf(answer: Exclude<TrialAnswer, { kind: 'ready' }>, memoryBytes: number): TrialOutcome {
  if (answer.kind === 'passed') return answer;
  const isRefusal = answer.error.domain !== undefined;
  if (!isRefusal && /bad_alloc|allocat/i.test(answer.error.message)) {
    return { kind: 'fatal', reason: tooMuchMemory(memoryBytes) };
  }
  return { kind: 'refused', error: fromRemoteError(answer.error) };
}

function tooMuchMemory(memoryBytes: number): string {
  return `asked for more than ${Math.round(memoryBytes / 1024 ** 2)} MiB of memory`;
}

/** Resident bytes of a process; 0 where the system does not tell. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
