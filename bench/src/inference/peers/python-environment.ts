import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from '@aimass/platform-config';
import { defaultCacheDir } from '@aimass/platform-embedded';

/** How to make an environment. */
export interface PythonOptions {
  readonly name: string;
  /** What the environment is made of: `python3` on PATH, or a path that is taken when it is there. */
  readonly interpreter?: string;
  /** The pinned packages; other pins are another environment. */
  readonly requirementsFile: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const INSTALL_LIMIT_MS = 15 * 60_000;
/** One line of progress in so many milliseconds at most. */
const PROGRESS_EVERY_MS = 5000;
/** This many of the last lines of a program that failed are its reason. */
const REASON_LINES = 3;

/**
 * Makes a virtual environment with a peer's packages below the user's cache folder, or finds it there.
 * @returns the path of its Python
 * @throws Error with the reason, as far as `python3` or pip tell it
 */
export async function ensurePython(options: PythonOptions): Promise<string> {
  const { name, requirementsFile, interpreter = 'python3', say } = options;
  const base = interpreter === 'python3' || existsSync(interpreter) ? interpreter : 'python3';
  const requirements = await readFile(requirementsFile, 'utf8');
  const version = await run(base, ['--version'], options).catch((error: unknown) => {
    throw new Error(`${base} does not run here`, { cause: error });
  });
  const pins = createHash('sha256').update(`${version.join()}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = join(defaultCacheDir(childEnvironment({})), 'bench-peers', `${name}-${pins}`);
  const python = join(folder, 'bin', 'python');
  const finished = join(folder, 'finished');
  if (existsSync(finished)) return python;
  say(`${name}: installing its packages into ${folder} (once)`);
  // A run that was cut short leaves half an environment.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run(base, ['-m', 'venv', folder], options);
  await run(python, ['-m', 'pip', 'install', '--progress-bar', 'off', '-r', requirementsFile], options);
  await writeFile(finished, '');
  return python;
}

/** Runs a program to its end, tells its last line now and then, and returns its lines. */
async function run(file: string, args: readonly string[], options: PythonOptions): Promise<string[]> {
  const { name, say, signal } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(INSTALL_LIMIT_MS)]);
  const child = spawn(file, args, {
    signal: limit,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({}),
  });
  const lines: string[] = [];
  let toldAt = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = performance.now();
      say(`${name}:   ${line.slice(0, 100)}`);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(lastLines(lines));
  return lines;
}

/** The end of a program's output on one line, errors preferred. */
export function lastLines(lines: readonly string[]): string {
  const errors = lines.filter((line) => /^(\w*Error|ERROR)\b/.test(line));
  const chosen = (errors.length > 0 ? errors : lines).slice(-REASON_LINES);
  return chosen.map((line) => line.slice(0, 300)).join(' | ') || 'it said nothing';
}
