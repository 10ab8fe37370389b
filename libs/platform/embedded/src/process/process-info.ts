/**
 * What the operating system knows about a process: is it alive, when did it start, where does it run, how much
 * memory does it hold. Linux answers from /proc; elsewhere `ps` answers (without working directories).
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** A snapshot of one process. `started` is opaque: equal for the same process, different after its pid was reused. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  started: string;
  /** The whole command line, arguments separated by blanks. */
  command: string;
}

const onLinux = process.platform === 'linux';

/** The process behind `pid`, or undefined when there is none (a zombie counts as none). */
export function inspectProcess(pid: number): ProcessInfo | undefined {
  return onLinux ? inspectByProc(pid) : inspectByPs(pid);
}

/** True while a process with this pid runs; zombies are not alive. */
export function isAlive(pid: number): boolean {
  return inspectProcess(pid) !== undefined;
}

/** Pids of processes called `name` whose working directory is exactly `directory` (a real path); Linux only, else []. */
export function findByWorkingDirectory(name: string, directory: string): number[] {
  if (!onLinux) return [];
  return listPids().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === directory && executableName(pid) === name && isAlive(pid);
    } catch {
      return false; // gone meanwhile, or another user's process: not ours
    }
  });
}

/** `pid` and everything below it. */
export function processTree(pid: number): number[] {
  const parents = listPids().map((each) => ({ pid: each, parent: inspectProcess(each)?.parent }));
  const found = [pid];
  for (const parent of found) {
    for (const each of parents) if (each.parent === parent) found.push(each.pid);
  }
  return found;
}

/**
 * Resident memory of the given processes in MB. On Linux pages shared between them are counted once (the sum of
 * proportional set sizes) when there are several; a single process reports its plain RSS.
 */
export function residentMb(pids: number[]): number {
  const kilobytes = pids.reduce((sum, pid) => sum + residentKb(pid, pids.length > 1), 0);
  return Math.round((kilobytes / 1024) * 10) / 10;
}

function residentKb(pid: number, proportional: boolean): number {
  try {
    if (!onLinux) return Number(ps(pid, 'rss='));
    if (proportional) return readKb(`/proc/${pid}/smaps_rollup`, 'Pss');
    return readKb(`/proc/${pid}/status`, 'VmRSS');
  } catch {
    return 0;
  }
}

function readKb(file: string, key: string): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return Number(match?.[1] ?? 0);
}

function listPids(): number[] {
  const names = onLinux
    ? readdirSync('/proc')
    : execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8' }).split('\n');
  return names
    .map((name) => name.trim())
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function executableName(pid: number): string {
  return basename(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
}

function inspectByProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses and may hold blanks; the state follows the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), started: fields[19] ?? '', command };
  } catch {
    return undefined;
  }
}

function inspectByPs(pid: number): ProcessInfo | undefined {
  try {
    const match = /^\s*(\d+)\s+(\S+)\s+(\S+ \S+\s+\d+ \S+ \d+)\s+(.*)$/.exec(
      ps(pid, 'ppid=,state=,lstart=,command='),
    );
    if (!match || match[2]?.startsWith('Z')) return undefined;
    return { pid, parent: Number(match[1]), started: match[3] ?? '', command: match[4] ?? '' };
  } catch {
    return undefined;
  }
}

function ps(pid: number, columns: string): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' });
}
