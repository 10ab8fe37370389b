import { connectNats } from '@aimass/platform-messaging';
import { eventually, testNatsUrl } from '@aimass/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageShipper } from '../src/proxy/metering/usage-shipper.js';
import { UsageSpool } from '../src/proxy/metering/usage-spool.js';
import { collectUsage } from './proxy/plane-under-test.js';

const here = (file: string): string => fileURLToPath(new URL(`./proxy/${file}`, import.meta.url));
const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
const organizationId = `org_${randomUUID()}`;
let nats: NatsConnection;
let folder: string;

beforeAll(async () => {
  nats = await connectNats(testNatsUrl(), 'metering test');
  folder = await mkdtemp(join(tmpdir(), 'aimass-spool-'));
});
afterAll(async () => {
  await nats.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the writer until it has acknowledged `enough` events, kills it with -9, and returns what it acknowledged. */
async function writeUntilKilled(enough: number): Promise<string[]> {
  const child = startWriter();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.length > enough * 37) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  // The last line may be cut: the process died while it printed.
  return output.split('\n').filter((line) => line.length === 36);
}

function startWriter(): ChildProcess {
  const args = ['--conditions=source', '--import', here('ts-register.mjs'), here('spool-writer.ts')];
  return spawn(process.execPath, [...args, folder, organizationId, testNatsUrl()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('usage', () => {
  it('survives kill -9: every acknowledged event reaches the ledger once, in spite of three crashes', async () => {
    const shipped = collectUsage(nats, organizationId);
    const acknowledged: string[] = [];
    for (const enough of [2_000, 500, 3_000]) acknowledged.push(...(await writeUntilKilled(enough)));

    const spool = new UsageSpool(
      folder,
      { segmentBytes: 20_000, segmentMs: 60_000, isSpoolSynced: false },
      quiet,
    );
    const shipper = new UsageShipper(nats, spool, quiet, 5);
    shipper.start();
    await eventually(() => (spool.segments().length === 0 ? true : undefined));
    await shipper.stop();
    spool.close();

    const ledger = new Set(shipped.map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThan(5_000);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(acknowledged.filter((id) => !ledger.has(id))).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.usage'))).toEqual([]);
  });
});
