import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { binaryCall, jsonCall } from '../calls.js';
import type { Target, TargetContext } from './target.js';

/** Starts bare Fastify with onnxruntime-node in one process of its own. */
export async function startCeiling({ modelsDir, works, signal }: TargetContext): Promise<Target> {
  const script = fileURLToPath(new URL('./ceiling-process.js', import.meta.url));
  const child = fork(script, [modelsDir, ...works.map(({ name }) => name)], {
    signal,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // An aborted child says so once more; whoever waits for it has been told already.
  child.on('error', () => undefined);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with code ${String(code)}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    calls: (work) => [
      { label: 'ceiling', call: work.name === 'binary1mb' ? binaryCall(url, work) : jsonCall(url, work) },
    ],
    // An idle Node process costs nothing.
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    stop: () => Promise.resolve(void child.kill()),
  };
}
