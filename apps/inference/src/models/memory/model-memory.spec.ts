import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LINE_SIGNATURE } from '../../../test/layers-model.fixture.js';
import { grownBytes } from './growth.js';
import { MeasuredMemory } from './measured-memory.js';
import { defaultMemoryBudget } from './memory-budget.js';
import { ModelMemory } from './model-memory.js';

const MIB = 1024 ** 2;
const manifest = (sizeBytes: number) => {
  return { sha256: 'd1', files: [{ path: 'model', sha256: 'f1', sizeBytes }] };
};
const BARE_SPEC = {
  id: 'mv_1',
  modelName: 'm',
  number: 1,
  engine: 'e',
  format: 'f',
  signature: LINE_SIGNATURE,
};
let folder: string;
/** Their writes are waited for. */
const opened: MeasuredMemory[] = [];

function open(): MeasuredMemory {
  const measured = new MeasuredMemory(folder);
  opened.push(measured);
  return measured;
}

beforeEach(async () => {
  Logger.overrideLogger(false);
  folder = await mkdtemp(join(tmpdir(), 'aimass-measured-'));
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.settled();
  await rm(folder, { recursive: true });
});

describe('the default budget', () => {
  it('is half of the machine, or half of the cgroup where that is smaller', () => {
    expect(defaultMemoryBudget(8_000, 0)).toBe(4_000);
    expect(defaultMemoryBudget(8_000, 2_000)).toBe(1_000);
    expect(defaultMemoryBudget(8_000, 2 ** 63)).toBe(4_000);
  });

  it('can be told here', () => {
    expect(defaultMemoryBudget()).toBeGreaterThan(64 * MIB);
  });
});

it('expects what a trial took at most before anything was measured, without ruling a version out for it', async () => {
  const measured = open();
  expect(measured.expect(manifest(MIB), 100 * MIB, 7 * MIB)).toBe(7 * MIB);
  expect(measured.expect(manifest(MIB), 5 * MIB, 7 * MIB)).toBe(5 * MIB);
  expect(measured.expect(manifest(6 * MIB), 5 * MIB, 7 * MIB)).toBe(6 * MIB);
  measured.know(manifest(MIB), 2 * MIB);
  expect(measured.expect(manifest(MIB), 100 * MIB, 7 * MIB)).toBe(2 * MIB);
  await measured.settled();
});

it('takes for what a load added what the process grew by, without the garbage that JavaScript made meanwhile', () => {
  const before = { rss: 100, heapTotal: 30, external: 10 };
  expect(grownBytes(before, { rss: 150, heapTotal: 40, external: 25 })).toBe(25);
  expect(grownBytes(before, { rss: 150, heapTotal: 20, external: 5 })).toBe(50);
});

it('does not charge a version for an engine, a thread or calls that came up while it was loaded', async () => {
  const memory = new ModelMemory({ CACHE_DIR: folder, MEMORY_BUDGET_BYTES: 100 * MIB });
  const model = { run: () => Promise.resolve([]), dispose: () => undefined };
  const spec = (sha256: string) => {
    return { ...BARE_SPEC, manifest: { ...manifest(10 * MIB), sha256 } };
  };
  const grown = (mib: number) => ({ grownBytes: mib * MIB });
  expect(memory.measure(spec('first'), model, grown(90))).toBe(21 * MIB);
  expect(memory.measure(spec('second'), model, grown(30))).toBe(30 * MIB);
  expect(memory.measure(spec('third'), { ...model, memoryBytes: 12 * MIB }, grown(30))).toBe(12 * MIB);
  expect(memory.measure(spec('thread'), { ...model, startedThread: true }, grown(90))).toBe(21 * MIB);
  const ofCalls = { ...grown(90), triedBytes: 25 * MIB };
  expect(memory.measure(spec('busy'), model, ofCalls)).toBe(25 * MIB);
  await memory.onApplicationShutdown();
});

describe('measured memory', () => {
  it('guesses from the files before the first load, without ruling out what may fit', () => {
    const measured = open();
    expect(measured.expect(manifest(10 * MIB), 100 * MIB)).toBe(21 * MIB);
    expect(measured.expect(manifest(10 * MIB), 15 * MIB)).toBe(15 * MIB);
    expect(measured.expect(manifest(10 * MIB), 5 * MIB)).toBe(10 * MIB);
  });

  it('knows what was measured, also after a restart', async () => {
    const measured = open();
    expect(measured.remember(manifest(1_000), 3_000)).toBe(3_000);
    await measured.settled();
    expect(open().expect(manifest(1_000), MIB)).toBe(3_000);
  });

  it('never counts less than the files, and keeps what it knew when the allocator had pages left', () => {
    const measured = open();
    expect(measured.remember(manifest(1_000), -500)).toBe(1_000);
    expect(measured.remember(manifest(1_000), 3_000)).toBe(2_000);
    expect(measured.remember(manifest(1_000), 0)).toBe(2_000);
    expect(measured.expect(manifest(1_000), MIB)).toBe(2_000);
  });

  it('takes the word of an engine that knows', () => {
    const measured = open();
    measured.remember(manifest(1_000), 9_000);
    expect(measured.know(manifest(1_000), 1_500)).toBe(1_500);
    expect(measured.expect(manifest(1_000), MIB)).toBe(1_500);
  });

  it('starts anew when its file is damaged, and writes it whole', async () => {
    await writeFile(join(folder, 'measured.json'), '{"d1":');
    const measured = open();
    expect(measured.remember(manifest(1_000), 3_000)).toBe(3_000);
    await measured.settled();
    const text = await readFile(join(folder, 'measured.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ d1: 3_000 });
  });
});
