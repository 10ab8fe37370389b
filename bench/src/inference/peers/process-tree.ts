import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A process and what it has started, by pid; the process itself first. Empty when it is gone. */
export async function listProcessTree(root: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return descend(root, stdout);
}

/** The tree below `root` in the lines `pid ppid` of `ps`. */
export function descend(root: number, table: string): number[] {
  const pairs = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  if (!pairs.some(([pid]) => pid === root)) return [];
  const tree = [root];
  for (const parent of tree) {
    for (const [pid, ppid] of pairs) {
      if (pid !== undefined && ppid === parent && !tree.includes(pid)) tree.push(pid);
    }
  }
  return tree;
}

/** Sends a signal to every process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}
