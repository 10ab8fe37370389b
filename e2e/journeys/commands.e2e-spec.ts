import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pickFreePorts } from '@aimass/platform-embedded';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'aimass-commands-'));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('npm run demo -- --json', () => {
  it('walks the main job and ends with one JSON line that holds together', async () => {
    const args = ['examples/dist/demo.js', '--json', '--plots', join(scratch, 'plots')];
    const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 1 << 24 });
    const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, never>;
    expect(summary).toMatchObject({
      ok: true,
      dataset: { rows: 272, train: 190, validation: 41, test: 41 },
      split: { requests: 500 },
    });
    const { fit, prediction, split, limit, usage, plots } = summary as unknown as DemoSummary;
    expect(fit.slope).toBeCloseTo(fit.olsSlope, 3);
    expect(fit.intercept).toBeCloseTo(fit.olsIntercept, 2);
    expect(fit.slope).toBeCloseTo(10.7296, 3);
    expect(prediction.output).toBeCloseTo(fit.intercept + fit.slope * prediction.input, 2);
    expect(Object.values(split.variants).reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(limit.allowed).toBeGreaterThanOrEqual(20);
    expect(limit.refused).toBeGreaterThan(0);
    expect(usage.ledger).toBe(usage.answered);
    expect(BigInt(usage.amountNano)).toBe(BigInt(usage.answered) * 1_500_000n);
    expect(plots).toHaveLength(2);
    for (const plot of plots) expect((await stat(plot)).size).toBeGreaterThan(1_000);
  }, 180_000);
});

describe('npm start', () => {
  it('runs twice side by side, prints address and key, and Ctrl-C leaves nothing but the home', async () => {
    const platforms = await Promise.all(['one', 'two'].map((name) => startCommand(join(scratch, name))));
    expect(new Set(platforms.map(({ url }) => url)).size).toBe(2);
    for (const { url, key } of platforms) {
      const answer = await fetch(`${url}/api/v1/organizations`, {
        headers: { authorization: `Bearer ${key}` },
      });
      expect(answer.status).toBe(200);
    }
    const codes = await Promise.all(platforms.map(({ stop }) => stop()));
    expect(codes).toEqual([0, 0]);
    for (const { url } of platforms) await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    expect((await readdir(scratch)).filter((name) => name === 'one' || name === 'two')).toHaveLength(2);
  }, 180_000);

  it('says what to do when the port is taken, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const failure = await failedStart(['--port', String(port), '--home', join(scratch, 'three')]);
    server.close();
    expect(failure).toMatch(new RegExp(`${port}.*--port`, 's'));
  });

  it('says what to do when the home folder cannot be written', async () => {
    // Root may write anywhere, so the folder's parent is a file.
    const failure = await failedStart(['--home', join(root, 'package.json', 'home')]);
    expect(failure).toMatch(/home/i);
  });
});

interface DemoSummary {
  fit: { slope: number; intercept: number; olsSlope: number; olsIntercept: number };
  prediction: { input: number; output: number };
  split: { variants: Record<string, number> };
  limit: { allowed: number; refused: number };
  usage: { answered: number; ledger: number; amountNano: string };
  plots: string[];
}

async function startCommand(home: string) {
  const [port] = await pickFreePorts(1);
  const child = spawn(process.execPath, ['tools/dist/start.js', '--home', home, '--port', String(port)], {
    cwd: root,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const found = await eventually(() => {
    if (child.exitCode !== null) throw new Error(output);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    const key = /am_[A-Za-z0-9]{43}/.exec(output)?.[0];
    return url !== undefined && key !== undefined ? { url, key } : undefined;
  }, 90_000);
  const stop = (): Promise<number | null> => {
    // Whoever read the output is gone by now, as with `npm start | head`.
    child.stdout.destroy();
    child.stderr.destroy();
    child.kill('SIGINT');
    return exited;
  };
  return { ...found, stop };
}

async function failedStart(args: string[]): Promise<string> {
  const failure = await run(process.execPath, ['tools/dist/start.js', ...args], { cwd: root }).then(
    () => undefined,
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  expect(failure?.code).toBe(1);
  return `${failure?.stdout ?? ''}${failure?.stderr ?? ''}`;
}
