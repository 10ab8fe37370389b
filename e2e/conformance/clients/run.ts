import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childEnvironment } from '@aimass/platform-config';
import { defaultCacheDir } from '@aimass/platform-embedded';

const execute = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = join(defaultCacheDir(childEnvironment({})), 'clients');
const MANY_BYTES = 64 * 1024 * 1024;
const INSTALL_MS = 600_000;

/** Runs a program; returns what it printed. Throws with all of that when it fails. */
export async function run(program: string, args: readonly string[], timeoutMs: number): Promise<string> {
  const options = {
    timeout: timeoutMs,
    maxBuffer: MANY_BYTES,
    env: childEnvironment({ PYTHONDONTWRITEBYTECODE: '1' }),
  };
  try {
    return (await execute(program, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

/**
 * The python of a virtual environment with Triton's client, made in the user's cache when it is not there yet. Throws
 * saying what is missing: Python 3, its venv module, or a package index that pip reaches.
 */
export async function clientPython(): Promise<string> {
  const requirements = join(HERE, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `python-${digest}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'complete');
  if (existsSync(done)) return python;
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder], INSTALL_MS);
  await run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], INSTALL_MS);
  await mkdir(done);
  return python;
}

/** NVIDIA's perf_analyzer, unpacked into the user's cache when it is not there yet. Throws when it cannot be had. */
export async function perfAnalyzer(): Promise<string> {
  const folder = join(CACHE, 'perf-analyzer');
  await run('sh', [join(HERE, 'perf-analyzer.sh'), folder], INSTALL_MS);
  return join(folder, 'perf_analyzer');
}

/** What came of each check of `checks.py`: nothing, or what went wrong. */
export async function runChecks(
  python: string,
  target: { url: string; grpc: string; authorization: string },
): Promise<Map<string, string | null>> {
  const { url, grpc, authorization } = target;
  const printed = await run(python, [join(HERE, 'checks.py'), url, grpc, authorization], 240_000);
  const lines = printed.split('\n').filter((line) => line.startsWith('{'));
  const results = lines.map((line) => JSON.parse(line) as { check: string; problem: string | null });
  return new Map(results.map(({ check, problem }) => [check, problem]));
}
