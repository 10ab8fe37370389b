/** The ways to install nats-server without root. Each leaves a `nats-server` in the folder it is given. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compareVersions, meetsFloor, NATS_FLOOR, NATS_PINNED } from './nats-version.js';

const run = promisify(execFile);
const MODULE = 'github.com/nats-io/nats-server/v2';
const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
const COMPILE_MS = 15 * 60_000;
const DOWNLOAD_MS = 5 * 60_000;

/** What a way gets: an empty folder to install into, and the caller's environment. */
export interface InstallContext {
  folder: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
  signal?: AbortSignal;
}

/** Names of the ways, as shown to the user. */
export type InstallWayName = 'go' | 'release' | 'debian';

/** All ways, in the order they are tried. */
export const installWays: Record<InstallWayName, (context: InstallContext) => Promise<void>> = {
  go: installWithGo,
  release: installRelease,
  debian: installDebianPackage,
};

/**
 * Installs into a folder of its own below `cacheDir`, checks what came out, and moves it to `<cacheDir>/<version>` in
 * one step: a killed or a second installer never leaves or sees half a server.
 * @throws Error when the way fails, or yields a server that does not run or is too old
 */
export async function publish(
  cacheDir: string,
  versionOf: (binary: string) => Promise<string | undefined>,
  way: (folder: string) => Promise<void>,
): Promise<{ binary: string; version: string }> {
  const folder = join(cacheDir, `.installing-${randomUUID()}`);
  mkdirSync(folder, { recursive: true });
  try {
    await way(folder);
    const version = await versionOf(join(folder, 'nats-server'));
    if (version === undefined) throw new Error('the installed server does not run on this machine');
    if (!meetsFloor(version)) throw new Error(`it yields version ${version}, older than ${NATS_FLOOR}`);
    const home = join(cacheDir, version);
    moveUnlessPresent(folder, home);
    return { binary: join(home, 'nats-server'), version };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function moveUnlessPresent(folder: string, home: string): void {
  try {
    renameSync(folder, home);
  } catch (error) {
    // Somebody else was faster: theirs is as good as ours.
    if (!existsSync(join(home, 'nats-server'))) throw error;
  }
}

async function installWithGo({ folder, env, log, signal }: InstallContext): Promise<void> {
  await requireProgram('go', ['version'], env);
  const started = Date.now();
  const ticker = setInterval(() => log(`still compiling nats-server (${seconds(started)} s)`), 10_000);
  let failure: unknown;
  try {
    for (const version of NATS_PINNED) {
      try {
        const args = ['install', '-trimpath', '-ldflags=-s -w', `${MODULE}@v${version}`];
        const goEnv = { ...env, GOBIN: folder, CGO_ENABLED: '0' };
        await run('go', args, { env: goEnv, cwd: folder, timeout: COMPILE_MS, signal });
        log(`compiled nats-server ${version} in ${seconds(started)} s`);
        return;
      } catch (error) {
        signal?.throwIfAborted();
        failure = error;
      }
    }
  } finally {
    clearInterval(ticker);
  }
  throw new Error(lastLine(failure), { cause: failure });
}

async function installRelease({ folder, env, signal }: InstallContext): Promise<void> {
  const version = NATS_PINNED[0];
  const cpu = ({ x64: 'amd64', arm64: 'arm64' } as Record<string, string>)[process.arch] ?? process.arch;
  const name = `nats-server-v${version}-${process.platform}-${cpu}`;
  const archive = await download(`${RELEASES}/v${version}/${name}.tar.gz`, signal);
  const sums = (await download(`${RELEASES}/v${version}/SHA256SUMS`, signal)).toString('utf8');
  const digest = createHash('sha256').update(archive).digest('hex');
  const published = sums
    .split('\n')
    .some((line) => line.startsWith(digest) && line.trimEnd().endsWith(`${name}.tar.gz`));
  if (!published) throw new Error(`the checksum of ${name}.tar.gz is not the published one; not used`);
  const file = join(folder, 'release.tar.gz');
  writeFileSync(file, archive);
  await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1', `${name}/nats-server`], { env });
  rmSync(file);
}

async function download(url: string, signal?: AbortSignal): Promise<Buffer> {
  try {
    const deadline = AbortSignal.timeout(DOWNLOAD_MS);
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${url} could not be fetched (${reason})`, { cause });
  }
}

/** Takes the package of a newer suite, where one is configured in apt's sources, and unpacks it without installing it. */
async function installDebianPackage({ folder, env, signal }: InstallContext): Promise<void> {
  await requireProgram('apt-cache', ['--version'], env);
  await requireProgram('dpkg', ['--version'], env);
  const { stdout } = await run('apt-cache', ['madison', 'nats-server'], { env });
  const versions = stdout.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
  const [newest] = versions.filter(meetsFloor).sort((a, b) => compareVersions(b, a));
  if (newest === undefined) throw new Error(`no configured suite has nats-server ${NATS_FLOOR} or newer`);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  // apt drops its rights when it can, and then needs a folder it may write to.
  chmodSync(folder, 0o755);
  await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', `nats-server=${newest}`], {
    env,
    cwd: folder,
    timeout: DOWNLOAD_MS,
    signal,
  });
  const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded no package');
  await run('dpkg', ['-x', join(folder, file), unpacked], { env });
  const program = ['usr/sbin/nats-server', 'usr/bin/nats-server']
    .map((path) => join(unpacked, path))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error(`${file} holds no nats-server`);
  copyFileSync(program, join(folder, 'nats-server'));
  rmSync(unpacked, { recursive: true });
  rmSync(join(folder, file));
}

async function requireProgram(name: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(name, args, { env });
  } catch {
    throw new Error(`\`${name}\` is not on this machine`);
  }
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr ?? '').trim().split('\n').at(-1) || (message ?? String(error));
}
