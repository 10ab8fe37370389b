/** Stopping processes politely first, then firmly. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process-info.js';

/** Send `signal`, then give the process `waitMs` before the next step. */
export interface StopStep {
  signal: NodeJS.Signals;
  waitMs: number;
}

/**
 * Sends each step's signal to those of `pids` still alive until none is.
 * @throws Error naming the pids that survived every step.
 */
export async function terminate(pids: number[], steps: StopStep[]): Promise<void> {
  let alive = pids.filter(isAlive);
  for (const { signal, waitMs } of steps) {
    for (const pid of alive) sendSignal(pid, signal);
    const deadline = Date.now() + waitMs;
    while (alive.length > 0 && Date.now() < deadline) {
      await sleep(20);
      alive = alive.filter(isAlive);
    }
    if (alive.length === 0) return;
  }
  if (alive.length > 0)
    throw new Error(`Processes ${alive.join(', ')} did not stop; end them by hand and start again.`);
}

/** Sends a signal; a process that is already gone is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
