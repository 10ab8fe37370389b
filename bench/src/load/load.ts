import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What to send, and how hard. */
export interface LoadPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. */
export interface LoadResult {
  /** Answers with 2xx per second. */
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the load process sends back. */
export interface LoadReport extends LoadResult {
  /** Answers other than 2xx, and requests without an answer. */
  readonly failures: number;
}

/**
 * Puts load on a URL from a process of its own, so that the measuring does not share an event loop with the measured.
 * Throws when any request failed: a figure with failures in it says nothing.
 */
export async function applyLoad(plan: LoadPlan, signal: AbortSignal): Promise<LoadResult> {
  const script = fileURLToPath(new URL('./load-process.js', import.meta.url));
  const child = fork(script, [JSON.stringify(plan)], {
    signal,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const report = await new Promise<LoadReport>((resolve, reject) => {
    child.once('message', (message) => resolve(message as LoadReport));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load process ended with code ${String(code)}`)));
  });
  const { failures, ...result } = report;
  if (failures > 0) throw new Error(`${failures} requests to ${plan.url} failed under load.`);
  return result;
}
