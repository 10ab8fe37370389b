import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '@aimass/testing';
import { MeasuredMemory } from './measured-memory.js';
import { defaultMemoryBudget } from './memory-budget.js';

const MIB = 1024 ** 2;
const manifest = (sizeBytes: number) => {
  return { sha256: 'd1', files: [{ path: 'model', sha256: 'f1', sizeBytes }] };
};
let folder: string;

beforeEach(async () => {
  Logger.overrideLogger(false);
  folder = await mkdtemp(join(tmpdir(), 'aimass-measured-'));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }));

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

describe('measured memory', () => {
  it('guesses from the files before the first load, without ruling out what may fit', () => {
    const measured = new MeasuredMemory(folder);
    expect(measured.expect(manifest(10 * MIB), 100 * MIB)).toBe(21 * MIB);
    expect(measured.expect(manifest(10 * MIB), 15 * MIB)).toBe(15 * MIB);
    expect(measured.expect(manifest(10 * MIB), 5 * MIB)).toBe(10 * MIB);
  });

  it('knows what was measured, also after a restart', async () => {
    expect(new MeasuredMemory(folder).remember(manifest(1_000), 3_000)).toBe(3_000);
    await eventually(() =>
      new MeasuredMemory(folder).expect(manifest(1_000), MIB) === 3_000 ? true : undefined,
    );
  });

  it('never counts less than the files, and keeps what it knew when the allocator had pages left', () => {
    const measured = new MeasuredMemory(folder);
    expect(measured.remember(manifest(1_000), -500)).toBe(1_000);
    expect(measured.remember(manifest(1_000), 3_000)).toBe(2_000);
    expect(measured.remember(manifest(1_000), 0)).toBe(2_000);
    expect(measured.expect(manifest(1_000), MIB)).toBe(2_000);
  });

  it('takes the word of an engine that knows', () => {
    const measured = new MeasuredMemory(folder);
    measured.remember(manifest(1_000), 9_000);
    expect(measured.know(manifest(1_000), 1_500)).toBe(1_500);
    expect(measured.expect(manifest(1_000), MIB)).toBe(1_500);
  });

  it('starts anew when its file is damaged, and writes it whole', async () => {
    await writeFile(join(folder, 'measured.json'), '{"d1":');
    const measured = new MeasuredMemory(folder);
    expect(measured.remember(manifest(1_000), 3_000)).toBe(3_000);
    const text = await eventually(async () => {
      const content = await readFile(join(folder, 'measured.json'), 'utf8');
      return content.endsWith('}') ? content : undefined;
    });
    expect(JSON.parse(text)).toEqual({ d1: 3_000 });
  });
});
