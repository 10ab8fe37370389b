import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** How a process ended, and what it said. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/** Runs `watchdog-subject.ts` in a process of its own. */
function runSubject(where: 'loop' | 'lane', count: number): Promise<End> {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const args = [
    '--conditions=source',
    '--import',
    path('./source/ts-register.mjs'),
    path('./watchdog-subject.ts'),
  ];
  const child = spawn(process.execPath, [...args, where, String(count)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, said })));
}

describe.each(['loop', 'lane'] as const)('a run on the %s', (where) => {
  it('that does not end takes the process with it, which names the version before', async () => {
    const end = await runSubject(where, 1e15);
    expect(end.signal).toBe('SIGALRM');
    expect(end.said).toContain('a run of model version mv_endless did not end within 1 s');
  });

  it('that ends in time is left alone', async () => {
    const end = await runSubject(where, 1000);
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.said).toContain('done');
  });
});
