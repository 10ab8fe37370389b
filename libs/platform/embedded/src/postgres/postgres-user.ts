/**
 * Postgres refuses to run as root. When we are root, it runs as the system user `postgres`, who must be able to reach
 * the binaries and the data folder.
 */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const USER = 'postgres';

/** A user and group by number. */
export interface SystemUser {
  uid: number;
  gid: number;
}

/** Who runs the server. */
export interface PostgresUser {
  /** Owns the data folder; absent when we do. */
  owner?: SystemUser;
  /** What the process must be spawned as; absent when it is ourselves or the launcher changes the user. */
  identity?: SystemUser;
  /** Put before the server's command line. */
  launcher: string[];
}

/**
 * Decides who runs the server. Not root: ourselves. Root: the user `postgres`, created when absent. When that user may
 * not enter a folder on the way to the data (a home below a private folder, say) the server is granted just the
 * capability to read past it, if this machine can.
 * @param folder the folder that holds the data folder
 * @throws Error that names the folder in the way and what to do about it
 */
export async function choosePostgresUser(folder: string): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) return { launcher: [] };
  const owner = (await lookUpUser()) ?? (await createUser());
  const blocked = findBlockedFolder(folder, owner);
  if (blocked === undefined) return { owner, identity: owner, launcher: [] };
  const launcher = readCapability(owner);
  if (await canReach(launcher, folder)) return { owner, launcher };
  throw new Error(
    `Postgres must not run as root, and the user '${USER}' cannot enter ${blocked}. Do one of: start as a normal user; ` +
      `choose a home folder every user can reach, for example with --home /var/lib/aimass; or run \`chmod o+x ${blocked}\`.`,
  );
}

/** The topmost folder on the way to `path` that `user` may not enter. */
export function findBlockedFolder(path: string, user: SystemUser): string | undefined {
  const folders: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => existsSync(folder) && !maySearch(folder, user));
}

function maySearch(path: string, user: SystemUser): boolean {
  const { mode, uid, gid } = statSync(path);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

function readCapability({ uid, gid }: SystemUser): string[] {
  const capability = '+dac_read_search';
  const user = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return ['setpriv', ...user, `--inh-caps=${capability}`, `--ambient-caps=${capability}`, '--'];
}

async function canReach([command = '', ...args]: string[], folder: string): Promise<boolean> {
  try {
    await run(command, [...args, 'ls', '-d', folder]);
    return true;
  } catch {
    return false; // no setpriv, or a container without the capability
  }
}

async function lookUpUser(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', USER]), run('id', ['-g', USER])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createUser(): Promise<SystemUser> {
  let cause: unknown;
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      USER,
    ]);
  } catch (error) {
    cause = error; // another process may have created it just now
  }
  const user = await lookUpUser();
  if (user) return user;
  throw new Error(
    `Postgres must not run as root, and the user '${USER}' could not be created. ` +
      `Create it (useradd --system ${USER}) or start as a normal user.`,
    { cause },
  );
}
