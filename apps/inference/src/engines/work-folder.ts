import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = 'work';
/** Of this process, which may be several replicas in tests. */
const own = new Set<string>();

/**
 * Makes a folder under `cacheDir` that only this process uses, named after its id, and removes those of processes that
 * are gone: a process that was killed could not.
 */
export async function createWorkFolder(cacheDir: string): Promise<string> {
  const root = join(cacheDir, FOLDER);
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const name of await readdir(root)) {
    if (!isInUse(name)) await rm(join(root, name), { recursive: true, force: true });
  }
  const name = `${process.pid}-${randomUUID()}`;
  own.add(name);
  await mkdir(join(root, name), { mode: 0o700 });
  return join(root, name);
}

function isInUse(name: string): boolean {
  const pid = Number.parseInt(name, 10);
  // In a container a new process often has the number of the old one.
  if (pid === process.pid) return own.has(name);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
