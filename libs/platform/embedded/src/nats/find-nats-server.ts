/** Finding a nats-server that is new enough, or installing one into our cache. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { installWays, publish, type InstallWayName } from './install-nats-server.js';
import { compareVersions, meetsFloor, NATS_FLOOR, NATS_PINNED } from './nats-version.js';

const run = promisify(execFile);

/** A server program. `belowFloor`: usable for a demo, but a power cut loses acknowledged messages. */
export interface NatsBinary {
  binary: string;
  version: string;
  from: 'path' | 'cache' | InstallWayName;
  belowFloor: boolean;
}

/** Where to look and how to install. */
export interface FindNatsOptions {
  /** Default: {@link defaultCacheDir} of `env`. */
  cacheDir?: string;
  /** PATH, HOME, proxies and the like, handed to the programs that install. */
  env: NodeJS.ProcessEnv;
  /** Ways to install, tried in this order; default all: the Go toolchain, the release, a newer Debian package. */
  ways?: InstallWayName[];
  /** Ends an installation under way. */
  signal?: AbortSignal;
  log: (line: string) => void;
}

/** Where programs are kept between runs: `$XDG_CACHE_HOME/aimass`, else `~/.cache/aimass`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'aimass');
}

/**
 * Looks on PATH, then in our cache, then installs into the cache. When nothing else works a server on PATH that is below
 * the floor is taken, with a loud warning.
 * @throws Error listing what was tried and what to do.
 */
export async function findNatsServer(options: FindNatsOptions): Promise<NatsBinary> {
  const { env, log } = options;
  const cacheDir = join(options.cacheDir ?? defaultCacheDir(env), 'nats-server');
  const tried: string[] = [];
  const onPath = await fromPath(env['PATH'] ?? '', tried);
  const found =
    (onPath && !onPath.belowFloor ? onPath : undefined) ??
    (await fromCache(cacheDir, tried)) ??
    (await install(cacheDir, options, tried)) ??
    onPath;
  if (!found) throw new Error(explain(tried));
  if (found.belowFloor) {
    log(
      `WARNING: nats-server ${found.version} is older than ${NATS_FLOOR}: a power cut can lose accepted work. Demo use only.`,
    );
  }
  log(`nats-server ${found.version} (${found.from}: ${found.binary})`);
  return found;
}

async function fromPath(path: string, tried: string[]): Promise<NatsBinary | undefined> {
  const binary = path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, 'nats-server'))
    .find(isExecutableFile);
  const version = binary === undefined ? undefined : await versionOf(binary);
  if (binary === undefined || version === undefined) {
    tried.push('PATH: no nats-server that runs');
    return undefined;
  }
  const belowFloor = !meetsFloor(version);
  if (belowFloor) tried.push(`PATH: ${binary} is ${version}, older than ${NATS_FLOOR}`);
  return { binary, version, from: 'path', belowFloor };
}

async function fromCache(cacheDir: string, tried: string[]): Promise<NatsBinary | undefined> {
  const names = existsSync(cacheDir) ? readdirSync(cacheDir).filter((name) => /^\d/.test(name)) : [];
  for (const name of names.filter(meetsFloor).sort((a, b) => compareVersions(b, a))) {
    const binary = join(cacheDir, name, 'nats-server');
    const version = await versionOf(binary);
    if (version !== undefined && meetsFloor(version))
      return { binary, version, from: 'cache', belowFloor: false };
  }
  tried.push(`cache ${cacheDir}: nothing usable`);
  return undefined;
}

async function install(
  cacheDir: string,
  options: FindNatsOptions,
  tried: string[],
): Promise<NatsBinary | undefined> {
  const { env, log, signal } = options;
  const chosen = options.ways ?? (Object.keys(installWays) as InstallWayName[]);
  for (const way of chosen) {
    log(`nats-server is missing; installing it into ${cacheDir} (${way})`);
    try {
      const binary = await publish(cacheDir, versionOf, (folder) =>
        installWays[way]({ folder, env, log, ...(signal && { signal }) }),
      );
      return { ...binary, from: way, belowFloor: false };
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      log(`installing by ${way} did not work: ${reason}`);
      tried.push(`${way}: ${reason}`);
    }
  }
  if (chosen.length === 0) tried.push('installing: switched off');
  return undefined;
}

/** The version a server program reports, or undefined when it does not run. */
async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 10_000 });
    return /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function explain(tried: string[]): string {
  return [
    `No usable nats-server (${NATS_FLOOR} or newer) was found or could be installed. Tried:`,
    ...tried.map((line) => `  - ${line}`),
    'Do one of:',
    `  - put nats-server ${NATS_PINNED[0]} on your PATH (https://nats.io/download)`,
    '  - install Go (https://go.dev/dl) and start again: the server is then built once and kept',
    '  - run a NATS server with JetStream yourself and set NATS_URL=nats://host:4222',
  ].join('\n');
}
