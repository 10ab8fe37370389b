import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Call } from './call.js';

/** What to send, and how hard. */
export interface LoadPlan extends Call {
  /** Each has one request under way at a time. */
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. */
export interface LoadResult {
  /** Good answers (2xx, or gRPC's OK) per second. */
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a load process sends back. */
export interface LoadReport extends LoadResult {
  /** Other answers, and requests without an answer. */
  readonly failures: number;
}

/**
 * Puts load on a target from a process of its own, so that the measuring does not share an event loop with the measured.
 * Throws when any request failed: a figure with failures in it says nothing.
 */
export async function applyLoad(plan: LoadPlan, signal: AbortSignal): Promise<LoadResult> {
  const { failures, ...result } = await applyAnyLoad(plan, signal);
  if (failures > 0) throw new Error(`${failures} requests to ${plan.url} failed under load.`);
  return result;
}

/** Like {@link applyLoad} for a target that may refuse: the figures are those of the good answers. */
export function applyAnyLoad(plan: LoadPlan, signal: AbortSignal): Promise<LoadReport> {
  // A call may know more than what can be sent to a process.
  const { protocol, url, headers, body, connections, seconds } = plan;
  const sent: LoadPlan = { protocol, url, headers, body, connections, seconds };
  return runLoadProcess<LoadReport>(`./${protocol}-load`, sent, signal);
}

/** Runs a load process with a plan (which is sent to it: arguments are too small for a body) and takes its report. */
export async function runLoadProcess<Report>(
  script: string,
  plan: object,
  signal: AbortSignal,
): Promise<Report> {
  const child = fork(fileURLToPath(new URL(`${script}-process.js`, import.meta.url)), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // JSON would take a body apart byte by byte.
    serialization: 'advanced',
  });
  const kill = () => void child.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<Report>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Report));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the load process ended with code ${String(code)}`)));
      child.send(plan);
    });
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

/** The child's side of {@link runLoadProcess}: takes the plan, sends what `run` makes of it, and ends with its parent. */
export function answerPlan(run: (plan: never) => Promise<object>): void {
  process.once('disconnect', () => process.exit(0));
  process.once('message', (plan) => {
    void run(plan as never).then((report) => process.send?.(report));
  });
}
