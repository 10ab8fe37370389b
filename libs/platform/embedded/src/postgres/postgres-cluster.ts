/** One Postgres data folder: creating it, its passwords, and clearing what a killed run left in it. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findByWorkingDirectory, inspectProcess } from '../process/process-info.js';
import { terminate } from '../process/terminate.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import type { PostgresUser } from './postgres-user.js';

const run = promisify(execFile);

/** The superuser is for administration only; services log in as the role that owns their databases. */
export const SUPERUSER = 'postgres';
export const OWNER_ROLE = 'aimass';

/** Random passwords of one cluster, kept in `<dataDir>.credentials.json` (mode 0600). */
export interface PostgresCredentials {
  superuser: string;
  owner: string;
}

/**
 * Reads the passwords of the cluster in `dataDir`, making them up on the first start.
 * @throws Error when the data is there but its passwords are not
 */
export function loadCredentials(dataDir: string): PostgresCredentials {
  const file = `${dataDir}.credentials.json`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as PostgresCredentials;
  if (existsSync(dataDir)) {
    throw new Error(
      `${file} is missing, so nobody can log in to the data in ${dataDir}: restore it from your backup.`,
    );
  }
  const credentials = {
    superuser: randomBytes(24).toString('base64url'),
    owner: randomBytes(24).toString('base64url'),
  };
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
  return credentials;
}

/**
 * Creates the cluster. It is made beside its place and renamed into it, so a run killed half-way leaves no half-made
 * cluster behind.
 */
export async function createCluster(options: {
  dataDir: string;
  password: string;
  binaries: PostgresBinaries;
  user: PostgresUser;
  durable: boolean;
}): Promise<void> {
  const { dataDir, password, binaries, user, durable } = options;
  const unfinished = `${dataDir}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const { owner } = user;
  const passwordFile = `${unfinished}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) [unfinished, passwordFile].forEach((path) => chownSync(path, owner.uid, owner.gid));
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    await runInitdb([...user.launcher, binaries.initdb, ...args], user);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, dataDir);
}

async function runInitdb([command = '', ...args]: string[], user: PostgresUser): Promise<void> {
  try {
    await run(command, args, { ...user.identity, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } });
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new Error(`initdb could not create the database cluster: ${stderr ?? String(cause)}`, { cause });
  }
}

/**
 * Stops servers that still run on this very data folder after their starter was killed, and never any other: a pid in
 * a leftover file may meanwhile belong to somebody else. The caller holds the folder (see the home's lock).
 */
export async function stopStaleServer(dataDir: string, log: (line: string) => void): Promise<void> {
  if (!existsSync(dataDir)) return;
  const folder = realpathSync(dataDir);
  const postmaster = readPostmasterPid(dataDir);
  const recorded =
    postmaster !== undefined && inspectProcess(postmaster)?.command.includes(dataDir) === true
      ? [postmaster]
      : [];
  const inFolder = findByWorkingDirectory('postgres', folder);
  const leftover = process.platform === 'linux' ? inFolder : recorded;
  if (leftover.length > 0) {
    log(`stopping a Postgres that an earlier run left on ${dataDir}`);
    const main = leftover.filter((pid) => pid === postmaster);
    const first = main.length > 0 ? main : leftover;
    await terminate(first, [
      { signal: 'SIGINT', waitMs: 10_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ]);
    await terminate(leftover, [{ signal: 'SIGQUIT', waitMs: 5_000 }]);
  }
  // A recycled pid in this file would make the new server refuse to start.
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
}

/** True once the server that runs on `dataDir` accepts connections. */
export function isServerReady(dataDir: string, pid: number | undefined): boolean {
  const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function readPostmasterPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
