/** The home folder of one platform: made ready for use, and held by one running platform at a time. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inspectProcess } from '../process/process-info.js';

interface LockHolder {
  pid: number;
  /** Tells the holder from a later process with the same pid. */
  started: string;
}

/**
 * Creates `home` when needed and proves that it can be written to.
 * @returns its absolute path
 * @throws Error naming the folder and what to do
 */
export function prepareHome(home: string): string {
  const folder = resolve(home);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `.write-probe-${randomUUID()}`);
    writeFileSync(probe, '');
    rmSync(probe);
    // Root's Postgres runs as another user, who has to get through to its own folder; nothing else becomes readable.
    if (process.getuid?.() === 0) chmodSync(folder, statSync(folder).mode | 0o011);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(
      `The home folder ${folder} cannot be written to (${code ?? message}). ` +
        `Make ${dirname(folder)} writable for this user, or choose another folder with --home.`,
      { cause },
    );
  }
  return folder;
}

/**
 * Takes `<home>/lock`. A lock whose holder is gone (killed, power cut) is taken over.
 * @returns releases the lock
 * @throws Error naming the running holder
 */
export function lockHome(home: string): () => void {
  const file = join(home, 'lock');
  const mine: LockHolder = { pid: process.pid, started: inspectProcess(process.pid)?.started ?? '' };
  const text = JSON.stringify({ ...mine, nonce: randomUUID() });
  while (!tryLink(file, text)) {
    const holder = readHolder(file);
    if (holder !== undefined && isHeld(holder.text)) {
      const { pid } = JSON.parse(holder.text) as LockHolder;
      throw new Error(
        `Another AI Mass (process ${pid}) already runs on ${home}: stop it, or choose another folder with --home.`,
      );
    }
    if (holder !== undefined) removeStale(file, holder.text);
  }
  return () => {
    if (readHolder(file)?.text === text) rmSync(file);
  };
}

/** Creates the lock with its content in one step; false when there is one already. */
function tryLink(file: string, text: string): boolean {
  const fresh = `${file}.${randomUUID()}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  try {
    linkSync(fresh, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh);
  }
}

/** Two may find the same stale lock; only the one who moves exactly that lock away may drop it. */
function removeStale(file: string, text: string): void {
  const moved = `${file}.${randomUUID()}`;
  try {
    renameSync(file, moved);
  } catch {
    return; // the other was faster
  }
  if (readFileSync(moved, 'utf8') !== text) tryLink(file, readFileSync(moved, 'utf8'));
  rmSync(moved);
}

function readHolder(file: string): { text: string } | undefined {
  try {
    return { text: readFileSync(file, 'utf8') };
  } catch {
    return undefined;
  }
}

function isHeld(text: string): boolean {
  try {
    const { pid, started } = JSON.parse(text) as LockHolder;
    return inspectProcess(pid)?.started === started;
  } catch {
    return false;
  }
}
