import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@aimass/testing';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** What runs as a process of its own in tests, and the libraries it is made of. */
const PROJECTS = [
  'libs/contracts',
  ...['blobs', 'config', 'errors', 'grpc', 'messaging', 'persistence', 'service', 'tensorflow'].map(
    (name) => `libs/platform/${name}`,
  ),
  'trainers/builtin',
  'apps/training',
];

export const builtService = join(repository, 'apps/training/dist/main.js');
export const builtTrainer = join(repository, 'trainers/builtin/dist/main.js');

/** Builds the service and the trainer where that has not been done since their sources changed. */
export async function buildAll(): Promise<void> {
  const lock = join(repository, 'apps/training/.building');
  await eventually(() => tryLock(lock), 50_000);
  try {
    for (const project of PROJECTS) {
      const folder = join(repository, project);
      if (newestIn(join(folder, 'dist')) < newestIn(join(folder, 'src'))) await build(folder);
    }
  } finally {
    rmdirSync(lock);
  }
}

async function build(cwd: string): Promise<void> {
  const options = ['--strip-leading-paths', '--config-file', join(repository, '.swcrc'), '--quiet'];
  const swc = join(repository, 'node_modules/.bin/swc');
  await promisify(execFile)(swc, ['src', '--out-dir', 'dist', ...options], { cwd });
}

function tryLock(lock: string): true | undefined {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return undefined;
  }
}

/** Time of the newest file, specs apart; 0 when there is none. */
function newestIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!spec)\.(ts|js)$/.test(name),
  );
  return Math.max(0, ...names.map((name) => statSync(join(folder, name)).mtimeMs));
}
