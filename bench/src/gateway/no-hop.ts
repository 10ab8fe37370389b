import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A running no-hop target. */
export interface NoHop {
  readonly url: string;
  stop(): void;
}

/** Starts the no-hop target in a process of its own; it answers with `body`. */
export async function startNoHop(body: string): Promise<NoHop> {
  const script = fileURLToPath(new URL('./no-hop-process.js', import.meta.url));
  const child = fork(script, [Buffer.from(body).toString('base64')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the no-hop target ended with code ${String(code)}`)));
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => void child.kill() };
}
