import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootId, parseStart, startOf } from './process-identity.js';

/**
 * The guard of a trainer: a shell that leads a session of its own and outlives the service. It records who it is
 * before it starts anything, and how the trainer ended after. It survives SIGTERM, which goes to the whole group, so
 * that it can tell the trainer's answer. `$1` is the run's folder, the rest is the command; no text is interpreted.
 */
const SCRIPT = `
run=$1; shift
trap : TERM INT HUP
{
  echo $$
  cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo -
  cat /proc/$$/stat 2>/dev/null || ps -o lstart= -p $$
} >"$run/guard.tmp" && mv "$run/guard.tmp" "$run/guard" || exit 1
[ -e "$run/forbidden" ] && exit 1
"$@" </dev/null >"$run/stdout" 2>"$run/stderr"
echo $? >"$run/exit.tmp" && mv "$run/exit.tmp" "$run/exit"
`;

/** What to run under a guard. */
export interface GuardedCommand {
  /** Holds the files `guard`, `stdout`, `stderr`, `exit`. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Guard {
  readonly pid: number;
  readonly boot: string;
  readonly start: string;
}

/** Starts a command that goes on when this process ends. Resolves when its guard exists. */
export function startGuarded({ folder, command, cwd, env }: GuardedCommand): Promise<void> {
  const args = ['-c', SCRIPT, 'aimass-guard', folder, ...command];
  const child = spawn('/bin/sh', args, { cwd, env: { ...env }, detached: true, stdio: 'ignore' });
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', reject);
  });
}

/** The trainer's exit code; null when it has not ended, or nobody was there to note it. */
export async function readExitCode(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, 'exit'), 'utf8').catch(() => '');
  return /^\d{1,3}\n$/.test(text) ? Number(text) : null;
}

/** Whether the guard runs: this very process, not another one with its pid. */
export async function isGuardAlive(folder: string): Promise<boolean> {
  const guard = await readGuard(folder);
  return guard !== null && guard.boot === bootId() && startOf(guard.pid) === guard.start;
}

/** Makes sure that a guard which has not started its trainer yet never will. */
export async function forbidStart(folder: string): Promise<void> {
  // The guard writes its record and then looks for this file; we write this file and then look for the record. So
  // whatever the order, either the guard gives up or we see it.
  await writeFile(join(folder, 'forbidden'), '').catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}

/** Sends a signal to the guard's whole group, which holds the trainer and its children. */
export async function signalGroup(folder: string, signal: NodeJS.Signals): Promise<void> {
  const guard = await readGuard(folder);
  if (!guard || guard.boot !== bootId()) return;
  if (!isGroupOf(guard)) return;
  try {
    process.kill(-guard.pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** With the guard gone, its group's number is not given to others while the group has members. */
function isGroupOf(guard: Guard): boolean {
  const start = startOf(guard.pid);
  return start === null ? guard.boot !== '-' : start === guard.start;
}

async function readGuard(folder: string): Promise<Guard | null> {
  const text = await readFile(join(folder, 'guard'), 'utf8').catch(() => '');
  const [pid = '', boot = '', stat = ''] = text.split('\n');
  const start = parseStart(stat);
  return /^\d+$/.test(pid) && start !== null ? { pid: Number(pid), boot, start } : null;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
