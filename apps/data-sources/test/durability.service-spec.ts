import { randomBytes } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KilledService } from './support/killed-service.js';
import {
  append,
  createUpload,
  digestOf,
  MiB,
  offsetOf,
  organizationId,
  UploadsHome,
} from './uploads-harness.js';
import type { UploadsUnderTest } from './uploads-harness.js';

let home: UploadsHome;
let database: Client;
let uploadId: string;
const WITHOUT_WAITING = { SYNC_WAIT_MS: 0 };
const csv = Buffer.from(
  `a,b\n${Array.from({ length: 2_000 }, (_, row) => `${row},${row * 7}`).join('\n')}\n`,
);

beforeAll(async () => {
  home = await UploadsHome.open();
  const under = await home.start();
  uploadId = await createUpload(under, csv.length);
  await append(under, [uploadId, 0], csv);
  await home.stop();
  database = new Client({ connectionString: home.databaseUrl });
  await database.connect();
});
afterEach(() => home.stop());
afterAll(async () => {
  await database.end();
  await home.dispose();
});

/** Orders the import of the upload as a dataset of this name. */
function order({ service }: Pick<UploadsUnderTest, 'service'>, name: string) {
  const request = { organizationId, requestId: '', name, uploadId, recipeJson: '', derivedFrom: undefined };
  return service.client.createDataset(request, { deadlineMs: 10_000 });
}

/** A sync as the database has it. */
interface SyncRow {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly error: unknown;
  readonly finished_at: Date | null;
}

/** The one sync of a dataset, once it has ended. */
function ended(name: string): Promise<SyncRow> {
  return eventually(async () => {
    const { rows } = await database.query<SyncRow>(
      `SELECT id, state, attempts, error, finished_at FROM sync WHERE dataset_name = $1`,
      [name],
    );
    const [sync, ...others] = rows;
    if (!sync || others.length > 0) throw new Error(`${rows.length} syncs`);
    return sync.finished_at === null ? undefined : sync;
  }, 30_000);
}

/** What there is of a dataset: its versions, and every event about it and its sync that was ever written. */
async function tracesOf(name: string, syncId: string): Promise<object> {
  const versions = await database.query(
    `SELECT version.number, version.row_count FROM dataset_version version
     JOIN dataset ON dataset.id = version.dataset_id WHERE dataset.name = $1`,
    [name],
  );
  const events = await database.query<{ subject: string }>(
    `SELECT subject FROM outbox WHERE aggregate_id = $1
       OR aggregate_id = (SELECT id FROM dataset WHERE name = $2) ORDER BY subject`,
    [syncId, name],
  );
  return { versions: versions.rows, events: events.rows.map(({ subject }) => subject) };
}

/** No temporary file is left, once what lies in the blob store has been left alone for long enough. */
async function expectNoTemporaryFiles(): Promise<void> {
  const blobs = join(home.folder, 'blobs', 'tmp');
  const abandoned = await readdir(blobs);
  for (const name of abandoned) await utimes(join(blobs, name), new Date(0), new Date(0));
  if (abandoned.length > 0) {
    await home.stop();
    await home.start(WITHOUT_WAITING);
    await eventually(async () => ((await readdir(blobs)).length === 0 ? true : undefined));
  }
  expect(await readdir(join(home.folder, 'tmp', 'data-sources')).catch(() => [])).toEqual([]);
}

describe('an import whose service is killed', () => {
  it.each([
    'after:SyncsService.request',
    'after:SyncsRepository.claimNext',
    'during:SyncReader.read',
    'during:FsBlobStore.copyTo',
    'after:SyncReader.read',
    'after:SyncsRepository.holdLeased',
    'after:SyncFinisher.startImport',
    'during:TableEngine.inDatabase',
    'after:TableEngine.inDatabase',
    'during:FsBlobStore.putFile',
    'after:FsBlobStore.putFile',
    'after:Importer.import',
    'after:SyncsRepository.renew',
    'during:SyncFinisher.succeed',
    'after:VersionWriter.write',
    'after:SyncFinisher.succeed',
    'after:OutboxRelay.publishBatch',
  ])('%s ends once all the same, with one version and each event once', async (step) => {
    const name = step.replace(':', '-');
    const killed = await KilledService.start(home, step, WITHOUT_WAITING);
    await killed.during(() => order(killed, name));

    await home.start(WITHOUT_WAITING);
    const sync = await ended(name);
    expect(sync).toMatchObject({ state: 'succeeded', error: null });
    expect(sync.attempts).toBeLessThanOrEqual(2);
    expect(await tracesOf(name, sync.id)).toEqual({
      versions: [{ number: 1, row_count: '2000' }],
      events: ['data_sources.v1.dataset_version.imported', 'data_sources.v1.sync.succeeded'],
    });
    await expectNoTemporaryFiles();
  });
});

describe('an upload whose service is killed', () => {
  it.each([
    'after:PartWriter.write',
    'after:PartWriter.sync',
    'during:UploadReceiver.finish',
    'after:FsBlobStore.put',
    'after:UploadsRepository.advance',
  ])('%s keeps what was acknowledged, and is whole once the rest has come', async (step) => {
    const content = randomBytes(2 * MiB);
    const first = await home.start();
    const id = await createUpload(first, content.length);
    await append(first, [id, 0], content.subarray(0, MiB));
    await home.stop();

    const killed = await KilledService.start(home, step);
    await killed.during(() => append(killed, [id, MiB], content.subarray(MiB)));

    const next = await home.start();
    const offset = await offsetOf(next, id);
    expect(offset).toBeGreaterThanOrEqual(MiB);
    await append(next, [id, offset], content.subarray(offset));
    const { upload } = await next.service.client.getUpload({ organizationId, uploadId: id });
    expect(upload?.sha256).toBe(digestOf(content).toString('hex'));
    expect((await home.readBlob(upload?.sha256 ?? '')).equals(content)).toBe(true);
    await home.stop();
    await home.start();
    await eventually(async () => ((await home.partialUploads()).length === 0 ? true : undefined));
  });
});

describe('two services on one database', () => {
  const homeOf = (name: string) => ({ ...WITHOUT_WAITING, HOME_DIR: join(home.folder, name) });

  it('run each sync once', async () => {
    const services = [await home.start(homeOf('one')), await home.start(homeOf('two'))] as const;
    const names = Array.from({ length: 8 }, (_, index) => `shared-${index}`);
    await Promise.all(names.map((name, index) => order(services[index % 2 === 0 ? 0 : 1], name)));
    for (const name of names) {
      const sync = await ended(name);
      expect(sync).toMatchObject({ state: 'succeeded', attempts: 1 });
      expect(await tracesOf(name, sync.id)).toMatchObject({ versions: [{ number: 1 }] });
    }
  });

  it('take over from each other when one is killed, once its lease has run out', async () => {
    await home.start(homeOf('survivor'));
    const settings = { ...homeOf('victim'), SYNC_LEASE_SECONDS: 1 };
    // The one that claims it is the one that is killed, or the other has done it at once.
    const killed = await KilledService.start(home, 'after:SyncFinisher.startImport', settings);
    await killed.during(async (service) => {
      for (let index = 0; index < 20; index++) await order(service, `taken-over-${index}`);
    });
    const { rows } = await database.query<{ name: string }>(
      `SELECT dataset_name AS name FROM sync WHERE dataset_name LIKE 'taken-over-%'`,
    );
    const syncs = await Promise.all(rows.map(({ name }) => ended(name)));
    expect(new Set(syncs.map(({ state }) => state))).toEqual(new Set(['succeeded']));
    expect(Math.max(...syncs.map(({ attempts }) => attempts))).toBe(2);
    for (const [index, { name }] of rows.entries()) {
      expect(await tracesOf(name, syncs[index]?.id ?? '')).toMatchObject({ versions: [{ number: 1 }] });
    }
  });
});
