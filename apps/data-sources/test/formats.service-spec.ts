import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataSources } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import {
  blobPath,
  getDataset,
  home,
  organizationId,
  plain,
  preview,
  send,
  service,
  split,
  stranger,
  useService,
} from './harness.js';
import { zipOf } from './support/zip.js';
import type { TestEntry } from './support/zip.js';

useService();

const { ColumnType, DatasetKind } = dataSources;

function fixture<T>(name: string): Record<string, T> {
  const path = new URL(`./fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, T>;
}

const image = Buffer.from(fixture<{ base64: string }>('images')['alpha.png']?.base64 ?? '', 'base64');
const savez = Buffer.from(fixture<string>('array-archives').savez ?? '', 'base64');

async function imported(content: Buffer | string, filename: string, recipe?: object) {
  const upload = await send(content, { filename });
  const name = `data-${randomUUID()}`;
  const recipeJson = recipe ? JSON.stringify(recipe) : '';
  const request = { organizationId, requestId: '', name, uploadId: upload.id, ...plain, recipeJson };
  const { version } = await service.client.createDataset(request, { deadlineMs: 60_000 });
  if (!version) throw new Error('no version in the response');
  return { name, version };
}

describe('an import of another format than CSV', () => {
  it('makes a table of JSON Lines', async () => {
    const { name, version } = await imported('{"a":1,"b":{"c":[1,2]}}\n{"b":"x","d":true}\n', 'rows.ndjson');
    expect(version).toMatchObject({ kind: DatasetKind.TABLE, rowCount: '2', droppedRowCount: '0' });
    expect(version.columns.map((column) => [column.name, column.type, column.nullCount])).toEqual([
      ['a', ColumnType.INTEGER, '1'],
      ['b', ColumnType.TEXT, '0'],
      ['d', ColumnType.BOOLEAN, '1'],
    ]);
    expect((await preview(name, 1, 0)).rows).toEqual(
      [{ values: ['1', '{"c":[1,2]}', ''] }, { values: ['', 'x', 'true'] }].map(
        (row) => expect.objectContaining(row) as object,
      ),
    );
  });

  it('makes one row per image, which can be split like any other', async () => {
    const entries = Array.from({ length: 20 }, (_, i) => ({ name: `c${i % 2}/${i}.png`, content: image }));
    const { name, version } = await imported(zipOf(entries), 'images.zip');
    expect(version).toMatchObject({ kind: DatasetKind.IMAGES, rowCount: '20' });
    expect(
      version.columns.map((column) => [column.name, column.type, column.storedType, column.nullCount]),
    ).toEqual([
      ['path', ColumnType.TEXT, 'VARCHAR', '0'],
      ['label', ColumnType.TEXT, 'VARCHAR', '0'],
      ['width', ColumnType.INTEGER, 'INTEGER', '0'],
      ['height', ColumnType.INTEGER, 'INTEGER', '0'],
      ['channels', ColumnType.INTEGER, 'INTEGER', '0'],
      ['sha256', ColumnType.TEXT, 'VARCHAR', '0'],
      ['bytes', ColumnType.BINARY, 'BLOB', '0'],
    ]);
    expect((await preview(name, 1, 1)).rows[0]?.values.slice(0, 5)).toEqual([
      'c0/0.png',
      'c0',
      '5',
      '3',
      '4',
    ]);
    const { split: made } = await split(name, { train: 0.5, validation: 0, test: 0.5 });
    expect(made?.parts.map(({ rowCount }) => rowCount)).toEqual(['10', '10']);
  });

  it('makes one row per item of arrays, with the type of the items', async () => {
    const { name, version } = await imported(savez, 'arrays.npz');
    expect(version).toMatchObject({ kind: DatasetKind.TENSORS, rowCount: '4' });
    expect(version.columns.map((column) => [column.name, column.type, column.tensor])).toEqual([
      ['index', ColumnType.INTEGER, undefined],
      ['x', ColumnType.LIST, { datatype: 'FP32', shape: [3] }],
      ['y', ColumnType.INTEGER, { datatype: 'INT64', shape: [] }],
      ['name', ColumnType.TEXT, { datatype: 'BYTES', shape: [] }],
    ]);
    expect((await preview(name, 1, 1)).rows[0]?.values).toEqual(['0', '[0.0, 1.0, 2.0]', '0', 'a']);
    const { split: made } = await split(name, { train: 0.5, validation: 0.25, test: 0.25 });
    expect(made?.parts).toHaveLength(3);
  });

  it('reads Parquet, its own downloads of images and tensors included', async () => {
    const foreign = Buffer.from(fixture<string>('parquet-files')['pa-zstd'] ?? '', 'base64');
    const { version } = await imported(foreign, 'foreign.parquet');
    expect(version).toMatchObject({ kind: DatasetKind.TABLE, rowCount: '200' });
    expect(version.columns.map(({ nullCount }) => nullCount)).toContain('40');
    const images = await imported(zipOf([{ name: 'a/1.png', content: image }]), 'images.zip');
    const again = await imported(await readFile(blobPath(images.version.sha256)), 'images.parquet');
    expect(again.version).toMatchObject({ kind: DatasetKind.IMAGES, sha256: images.version.sha256 });
    const tensors = await imported(savez, 'arrays.npz');
    const tensorsAgain = await imported(await readFile(blobPath(tensors.version.sha256)), 'arrays.parquet');
    expect(tensorsAgain.version).toMatchObject({
      kind: DatasetKind.TENSORS,
      columns: tensors.version.columns.map(({ name }) => expect.objectContaining({ name }) as object),
    });
  });

  it('refuses Parquet that lies, and goes on serving', async () => {
    const foreign = Buffer.from(fixture<string>('parquet-files')['pa-zstd'] ?? '', 'base64');
    const footerBytes = foreign.readUInt32LE(foreign.length - 8);
    const tooLong = Buffer.from(foreign);
    tooLong.writeUInt32LE(footerBytes + 9, tooLong.length - 8);
    const withoutContent = [Buffer.from('PAR1'), foreign.subarray(foreign.length - 8 - footerBytes)];
    for (const lying of [foreign.subarray(0, foreign.length / 2), tooLong, Buffer.concat(withoutContent)]) {
      await expect(imported(lying, 'lying.parquet')).rejects.toMatchObject({
        code: 'data_sources.parquet_broken',
        kind: 'unprocessable',
      });
    }
    expect((await imported('a\n1\n', 'a.csv')).version.rowCount).toBe('1');
  });

  it('gives the same snapshot for the same content', async () => {
    for (const [content, filename] of [
      [savez, 'arrays.npz'],
      [zipOf([{ name: 'a/1.png', content: image }]), 'images.zip'],
      ['{"a":1}', 'rows.jsonl'],
    ] as const) {
      const one = await imported(content, filename);
      const other = await imported(content, `other-${filename}`);
      expect(other.version.sha256).toBe(one.version.sha256);
    }
  });
});

describe('an archive that is built to do harm', () => {
  const good: TestEntry = { name: 'a/1.png', content: image };

  it.each<[string, Buffer, string, string]>([
    ['climbs out', zipOf([good, { name: '../2.png', content: image }]), 'archive_unsafe', 'unprocessable'],
    ['names an absolute path', zipOf([good, { name: '/tmp/2.png' }]), 'archive_unsafe', 'unprocessable'],
    ['holds a link', zipOf([good, { name: 'a/2.png', mode: 0o120777 }]), 'archive_unsafe', 'unprocessable'],
    ['names a file twice', zipOf([good, { ...good, name: 'A/1.PNG' }]), 'archive_unsafe', 'unprocessable'],
    [
      'is a bomb',
      zipOf([{ name: 'a/1.png', content: Buffer.alloc(2 ** 25) }]),
      'archive_too_large',
      'too_large',
    ],
    ['is damaged', zipOf([good]).subarray(0, 100), 'archive_broken', 'unprocessable'],
    ['is no zip', Buffer.from('\x1f\x8b\x08\0', 'latin1'), 'archive_unsupported', 'unprocessable'],
    [
      'holds other archives',
      zipOf([{ name: 'a/1.zip', content: zipOf([good]) }]),
      'images_not_images',
      'unprocessable',
    ],
  ])('and %s is refused as a whole within 2 seconds, and leaves nothing', async (_, content, code, kind) => {
    const upload = await send(content, { filename: 'images.zip' });
    const before = await readdir(join(home, 'blobs'), { recursive: true });
    const name = `bad-${randomUUID()}`;
    const startedAt = performance.now();
    const request = { organizationId, requestId: '', name, uploadId: upload.id, ...plain };
    await expect(service.client.createDataset(request)).rejects.toMatchObject({
      code: `data_sources.${code}`,
      kind,
    });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(await readdir(join(home, 'blobs'), { recursive: true })).toEqual(before);
    await expect(getDataset(name)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('a name that looks like a path', () => {
  const hostile = [
    '../../etc/passwd',
    '/etc/passwd',
    'file:///etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%252e%252e/x',
    '..\\..\\x',
    '..%5cx',
  ];

  it.each(hostile)('is a word and no place as the name of an upload: %s', async (filename) => {
    const { version } = await imported('a,b\n1,2\n', filename);
    expect(version.rowCount).toBe('1');
    const upload = await service.client.getUpload({ organizationId, uploadId: version.uploadId });
    expect(upload.upload?.filename).toBe(filename);
  });

  it.each(hostile)('finds no upload, dataset or version: %s', async (path) => {
    const request = { organizationId, requestId: '', name: `x-${randomUUID()}`, uploadId: path, ...plain };
    await expect(service.client.createDataset(request)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(getDataset(path)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(
      service.client.getDatasetVersion({ organizationId, dataset: path, number: 1, versionId: '' }),
    ).rejects.toMatchObject({ kind: 'not_found' });
  });

  it.each(hostile)('is a word and no place as the name of a column: %s', async (column) => {
    const { version } = await imported(`${JSON.stringify({ [column]: 1 })}\n`, 'rows.jsonl');
    expect(version.columns[0]?.name).toBe(column);
  });

  it("does not open another organization's upload, which looks absent", async () => {
    const upload = await send('a\n1\n');
    const request = { requestId: '', name: `x-${randomUUID()}`, uploadId: upload.id, ...plain };
    await expect(
      service.client.createDataset({ ...request, organizationId: stranger }),
    ).rejects.toMatchObject({ code: 'data_sources.upload_not_found', kind: 'not_found' });
    await expect(
      service.client.getUpload({ organizationId: stranger, uploadId: upload.id }),
    ).rejects.toMatchObject({ kind: 'not_found' });
  });
});
