import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes a spool folder for this process; the lock of a process that is gone (killed, power cut) is taken over. Returns
 * the release. Throws an Error that says what to do when a living process holds it.
 */
export function lockSpool(folder: string): () => void {
  const file = join(folder, 'lock');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), nonce: randomUUID() });
  while (!create(file, mine)) {
    const found = read(file);
    if (found === undefined) continue;
    const pid = holderOf(found);
    if (pid !== undefined) {
      throw new Error(
        `Process ${pid} already writes to the usage spool ${folder}. Give every gateway a SPOOL_DIR of its own.`,
      );
    }
    moveAway(file, found);
  }
  return () => {
    if (read(file) === mine) rmSync(file);
  };
}

/** Creates the lock with its content in one step; false when there is one. */
function create(file: string, content: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** Two processes may find the same dead lock; whoever moves away another one than it found puts it back. */
function moveAway(file: string, found: string): void {
  const moved = `${file}.${randomUUID()}`;
  try {
    renameSync(file, moved);
  } catch {
    return;
  }
  const content = readFileSync(moved, 'utf8');
  if (content !== found) create(file, content);
  rmSync(moved);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The process that holds a lock, or undefined when it is gone. */
function holderOf(content: string): number | undefined {
  try {
    const { pid, started } = JSON.parse(content) as { pid: number; started: string };
    process.kill(pid, 0);
    return startOf(pid) === started ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Tells a process from a later one with the same pid, where the system says it (Linux); else empty. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the second field may hold spaces, so count from its closing parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
