import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { append, createUpload, MiB, offsetOf, organizationId, UploadsHome } from './uploads-harness.js';
import type { UploadsUnderTest } from './uploads-harness.js';

const DISK_FULL = { kind: 'storage_full', code: 'data_sources.disk_full' };
const small = Buffer.from('a,b\n1,2\n');
/** Four columns of numbers that hardly compress. */
const large = Buffer.from(
  `a,b,c,d\n${Array.from({ length: 300_000 }, (_, row) => [1, 2, 3, 4].map((n) => Math.sin(row * n)).join(',')).join('\n')}\n`,
);
let home: UploadsHome;
let database: Client;

beforeAll(async () => {
  home = await UploadsHome.open();
  database = new Client({ connectionString: home.databaseUrl });
  await database.connect();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await home.stop();
});
afterAll(async () => {
  await database.end();
  await home.dispose();
});

async function upload(under: UploadsUnderTest, content: Buffer): Promise<string> {
  const id = await createUpload(under, content.length);
  await append(under, [id, 0], content);
  return id;
}

function importUpload({ service }: UploadsUnderTest, name: string, uploadId: string) {
  const request = { organizationId, requestId: '', name, uploadId, recipeJson: '', derivedFrom: undefined };
  return service.client.createDataset(request, { deadlineMs: 60_000 });
}

/** Nothing of an import is left but a sync that says why it failed; the next import goes well. */
async function expectNothingOf(under: UploadsUnderTest, name: string, folder: string): Promise<void> {
  const datasets = await database.query(`SELECT FROM dataset WHERE name = $1`, [name]);
  expect(datasets.rowCount).toBe(0);
  const syncs = await database.query(
    `SELECT state, error ->> 'code' AS code FROM sync WHERE dataset_name = $1`,
    [name],
  );
  expect(syncs.rows).toEqual([{ state: 'failed', code: 'data_sources.disk_full' }]);
  expect(await readdir(join(folder, 'tmp', 'data-sources'))).toEqual([]);
  expect((await importUpload(under, `${name}-next`, await upload(under, small))).version?.rowCount).toBe('1');
}

/** Makes a disk of this size at the folder; false when this machine lets nobody do that. */
function mountDisk(folder: string, mebibytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function unmountDisk(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'ignore' });
  rmSync(folder, { recursive: true });
}

/** What a full disk says. */
function noSpace(): Promise<never> {
  return Promise.reject(
    Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
  );
}

describe('a write that finds the disk full', () => {
  it.each(['copyTo', 'putFile'] as const)('in %s fails the import alone, and says so', async (step) => {
    const under = await home.start();
    const uploadId = await upload(under, small);
    vi.spyOn(FsBlobStore.prototype, step).mockImplementationOnce(noSpace);
    await expect(importUpload(under, `refused-${step}`, uploadId)).rejects.toMatchObject(DISK_FULL);
    await expectNothingOf(under, `refused-${step}`, home.folder);
  });

  it('while an upload becomes a file leaves the upload as it was', async () => {
    const under = await home.start();
    const id = await createUpload(under, small.length);
    await append(under, [id, 0], small.subarray(0, 4));
    vi.spyOn(FsBlobStore.prototype, 'put').mockImplementationOnce(noSpace);
    await expect(append(under, [id, 4], small.subarray(4))).rejects.toMatchObject(DISK_FULL);
    expect(await offsetOf(under, id)).toBe(4);
    expect(await append(under, [id, 4], small.subarray(4))).toMatchObject({ isComplete: true });
  });
});

/** Where no disk can be made, the tests above say what there is to say. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'aimass-disk-'));
  const isMounted = mountDisk(folder, 1);
  if (isMounted) unmountDisk(folder);
  else rmSync(folder, { recursive: true });
  return isMounted;
}

describe.runIf(canMount())('a disk that is full', () => {
  const disk = () => join(home.folder, 'disk');

  /** Runs `work` with a real small disk. */
  async function onDisk(mebibytes: number, work: () => Promise<void>): Promise<void> {
    expect(mountDisk(disk(), mebibytes)).toBe(true);
    try {
      await work();
    } finally {
      await home.stop();
      unmountDisk(disk());
    }
  }

  it.each([
    ['fetched-file', 8],
    ['table-of-it', 30],
  ])('for the %s ends the import with that reason', async (name, mebibytes) => {
    await onDisk(mebibytes, async () => {
      const under = await home.start({ HOME_DIR: disk() });
      const uploadId = await upload(under, large);
      await expect(importUpload(under, name, uploadId)).rejects.toMatchObject(DISK_FULL);
      await expectNothingOf(under, name, disk());
    });
  });

  it('for the bytes of uploads refuses them, says truly how far they are, and takes small ones again', async () => {
    await onDisk(16, async () => {
      const under = await home.start({ BLOB_DIR: disk() });
      const id = await createUpload(under, 40 * MiB);
      await expect(append(under, [id, 0], Buffer.alloc(40 * MiB, 1))).rejects.toMatchObject(DISK_FULL);
      const kept = await offsetOf(under, id);
      expect(kept).toBeLessThanOrEqual(16 * MiB);
      await under.uploads.terminateUpload({ organizationId, uploadId: id });
      const next = await upload(under, small);
      const { upload: found } = await under.service.client.getUpload({ organizationId, uploadId: next });
      expect(found?.sizeBytes).toBe(String(small.length));
    });
  });
});
