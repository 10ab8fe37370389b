import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * When the process with this pid started, as an opaque text: together with the pid it names one process for ever.
 * Null when there is none; a zombie counts as none. Linux answers from /proc, others by `ps`.
 */
export function startOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux') {
      return parsePs(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }));
    }
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** The start in a line of /proc/…/stat or in what `ps -o lstart=` prints. */
export function parseStart(text: string): string | null {
  return text.includes(')') ? parseStat(text) : parsePs(text);
}

/** Names the boot of this machine; `-` where it cannot be told. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '-';
  }
}

/** Names the set of pids this process can see: processes with equal scopes can check on each other. */
export function pidScope(): string {
  let namespace = '-';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: one set of pids per machine.
  }
  return `${hostname()},${bootId()},${namespace}`;
}

function parseStat(line: string): string | null {
  // The second field is the name in parentheses and may hold blanks; the state follows the last parenthesis.
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

function parsePs(text: string): string | null {
  const trimmed = text.trim().replaceAll(/\s+/g, ' ');
  return trimmed === '' ? null : trimmed;
}
