import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileRunJournal, leftJournals, removeJournal } from './run-journal.js';

let folder: string;
let journal: FileRunJournal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-journal-'));
  journal = new FileRunJournal(folder);
  for (const id of ['mv_1', 'mv_2', 'mv_3']) journal.know(id, `digest of ${id}`.replaceAll(' ', '-'));
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true });
});

/** As if the process that wrote the journal were gone: the file gets the number of one that has just ended. */
async function died(): Promise<void> {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const runs = join(folder, 'runs');
  const [name = ''] = await readdir(runs);
  await rename(join(runs, name), join(runs, name.replace(String(process.pid), String(pid))));
}

it('tells what was running and loading when its process ended, and nothing that had ended before', async () => {
  const first = journal.begin('mv_1');
  journal.beginLoad('mv_2');
  journal.begin('mv_3');
  journal.end(first);
  await died();
  const [left] = leftJournals(folder);
  expect(left?.work).toEqual([
    { work: 'load', modelVersionId: 'mv_2', digest: 'digest-of-mv_2', isLong: false },
    { work: 'run', modelVersionId: 'mv_3', digest: 'digest-of-mv_3', isLong: false },
  ]);
  removeJournal(folder, left?.name ?? '');
  expect(leftJournals(folder)).toEqual([]);
});

it('uses slots again, so that its file stays as small as what runs at once', async () => {
  for (let i = 0; i < 1_000; i++) journal.end(journal.begin('mv_1'));
  expect(journal.begin('mv_1')).toBe(0);
  expect(journal.begin('mv_2')).toBe(1);
  await died();
  expect(leftJournals(folder)[0]?.work).toHaveLength(2);
});

it('leaves the journals of processes that run alone, its own among them', () => {
  journal.begin('mv_1');
  expect(leftJournals(folder)).toEqual([]);
});

it('leaves nothing behind after a clean stop, and notes nothing any more', async () => {
  const slot = journal.begin('mv_1');
  journal.close();
  journal.end(slot);
  journal.begin('mv_1');
  expect(await readdir(join(folder, 'runs'))).toEqual([]);
});

it('costs a run little enough not to be felt', () => {
  const pairs = 5_000;
  const startedAt = performance.now();
  for (let i = 0; i < pairs; i++) journal.end(journal.begin('mv_1'));
  // Measured at 8 µs for both on a busy machine; the bound only tells a write from a sync, whatever else the machine does.
  expect(((performance.now() - startedAt) / pairs) * 1000).toBeLessThan(200);
});
