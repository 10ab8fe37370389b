import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetVersions } from '@aimass/contracts';
import type { dataSources } from '@aimass/contracts';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { eventually } from '@aimass/testing';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  blobPath,
  create,
  home,
  organizationId,
  plain,
  send,
  service,
  split,
  stranger,
  useService,
} from './harness.js';

useService();

const { ColumnChange, DownloadFormat, QualitySeverity } = datasetVersions;
let versions: GrpcClient<typeof datasetVersions.DatasetVersionsServiceService>;

beforeAll(() => {
  const { address } = service;
  versions = grpcClient(datasetVersions.DatasetVersionsServiceService, {
    address,
    name: 'versions',
    deadlineMs: 60_000,
  });
});

afterAll(() => versions.close());

const refer = (dataset: string, number = 1, organization = organizationId) => ({
  organizationId: organization,
  version: { versionId: '', dataset, number },
});

/** `i`, a number of noise, and a text of few values. */
function noise(rows: number, from = 0, shift = 0): string {
  const lines = Array.from(
    { length: rows },
    (_, index) =>
      `${from + index},${Math.sin((from + index) * 12.9898) * 43.7 + shift},${index % 3 === 0 ? 'red' : 'blue'}`,
  );
  return `id,x,colour\n${lines.join('\n')}\n`;
}

async function addVersion(dataset: string, content: string, recipe: object = {}) {
  const request = { organizationId, requestId: '', dataset, uploadId: (await send(content)).id };
  const { version } = await service.client.createDatasetVersion(
    { ...request, ...plain, recipeJson: JSON.stringify(recipe) },
    { deadlineMs: 30_000 },
  );
  return version;
}

async function download(
  dataset: string,
  format: datasetVersions.DownloadFormat,
  range: { startByte?: string; endByte?: string } = {},
): Promise<{ header: datasetVersions.DownloadHeader | undefined; content: Buffer }> {
  const chunks: Buffer[] = [];
  let header: datasetVersions.DownloadHeader | undefined;
  const request = { ...refer(dataset), format, startByte: '0', endByte: '0', ...range };
  for await (const { part } of versions.downloadDatasetVersion(request)) {
    if (part?.$case === 'header') header = part.value;
    else if (part) chunks.push(part.value);
  }
  return { header, content: Buffer.concat(chunks) };
}

describe('the profile of a version', () => {
  it('has statistics, histograms and frequent values of every column, in file order', async () => {
    await create('profiled', noise(300));
    const profile = await versions.getDatasetVersionProfile(refer('profiled'));
    expect(profile.rowCount).toBe('300');
    expect(profile.columns.map(({ column }) => column?.name)).toEqual(['id', 'x', 'colour']);
    const [id, x, colour] = profile.columns;
    expect(id?.histogram).toHaveLength(20);
    expect(id?.histogram.every(({ count }) => count === '15')).toBe(true);
    expect(x?.histogram.reduce((sum, { count }) => sum + Number(count), 0)).toBe(300);
    expect(colour).toMatchObject({
      topValues: [
        { value: 'blue', count: '200' },
        { value: 'red', count: '100' },
      ],
      otherCount: '0',
      lengths: { min: '3', max: '4' },
    });
  });

  it('is not there for another organization, nor of a version that is not', async () => {
    const absent = { kind: 'not_found' };
    await expect(versions.getDatasetVersionProfile(refer('profiled', 1, stranger))).rejects.toMatchObject(
      absent,
    );
    await expect(versions.getDatasetVersionQuality(refer('profiled', 2))).rejects.toMatchObject(absent);
    await expect(versions.getDatasetVersionLineage(refer('profiled', 1, stranger))).rejects.toMatchObject(
      absent,
    );
    await expect(versions.diffDatasetVersions({ ...refer('profiled'), against: 9 })).rejects.toMatchObject(
      absent,
    );
  });
});

describe('the quality of a version', () => {
  it('is reported with the version, worst first, against the version before', async () => {
    await create('checked', noise(300));
    const version = await addVersion('checked', noise(300, 1000, 80).replace(/^1000,[^,]*/m, '1000,'), {
      target: 'colour',
    });
    const report = await versions.getDatasetVersionQuality(refer('checked', 2));
    expect(report).toMatchObject({ rowCount: '300', sampledRowCount: '300', comparedWith: 1 });
    expect(report.checks).toEqual(
      expect.arrayContaining(['missing', 'target_leakage', 'class_imbalance', 'drift']),
    );
    expect(report.findings.map(({ check, severity, columns }) => [check, severity, ...columns])).toEqual([
      ['drift', QualitySeverity.WARNING, 'id'],
      ['drift', QualitySeverity.WARNING, 'x'],
      ['identifier', QualitySeverity.INFO, 'id'],
      ['missing', QualitySeverity.INFO, 'x'],
    ]);
    expect(report.findings[3]).toMatchObject({ count: '1', rows: ['0'] });
    expect(report.findings[3]?.advice).toContain('recipe');
    expect(version?.quality).toEqual({ errorCount: 0, warningCount: 2, infoCount: 2 });
  });

  it('refuses data with errors when the recipe says so, and makes no version', async () => {
    const leaking = `y,copy,x\n${Array.from({ length: 60 }, (_, i) => `${i % 2},${i % 2 ? 'yes' : 'no'},${Math.sin(i)}`).join('\n')}\n`;
    await create('strict', noise(30));
    const refused = addVersion('strict', leaking, { target: 'y', failOn: 'error' });
    await expect(refused).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'data_sources.quality_refused',
    });
    await expect(versions.getDatasetVersionQuality(refer('strict', 2))).rejects.toMatchObject({
      kind: 'not_found',
    });
    expect(await addVersion('strict', leaking, { target: 'y' })).toMatchObject({
      number: 2,
      quality: { errorCount: 1 },
    });
  });
});

describe('the diff of two versions', () => {
  it('tells columns, rows and values that changed', async () => {
    await create('changing', noise(100));
    await addVersion('changing', noise(100, 10).replace('colour', 'color'));
    const diff = await versions.diffDatasetVersions({ ...refer('changing', 2), against: 1 });
    expect(diff.columns.map(({ name, change }) => [name, change])).toEqual([
      ['id', ColumnChange.CHANGED],
      ['x', ColumnChange.CHANGED],
      ['color', ColumnChange.ADDED],
      ['colour', ColumnChange.REMOVED],
    ]);
    expect(diff).toMatchObject({
      against: 1,
      addedRowCount: '10',
      removedRowCount: '10',
      keptRowCount: '90',
      rowCount: '100',
      againstRowCount: '100',
      sampleColumns: ['id', 'x'],
    });
    expect(diff.addedSamples.map(({ values }) => values[0])).toEqual(
      Array.from({ length: 10 }, (_, i) => String(100 + i)),
    );
    expect(diff.columns[0]?.stabilityIndex).toBeGreaterThan(0);
    const none = await versions.diffDatasetVersions({ ...refer('changing', 2), against: 2 });
    expect(none).toMatchObject({ addedRowCount: '0', removedRowCount: '0', keptRowCount: '100' });
    expect(none.columns.every(({ change }) => change === ColumnChange.SAME)).toBe(true);
  });
});

describe('the lineage of a version', () => {
  it('goes back to the upload and its bytes, and on to its splits', async () => {
    const csv = noise(40);
    const { version } = await create('rooted', csv);
    const made = await split('rooted', { train: 0.5, validation: 0.25, test: 0.25 });
    const lineage = await versions.getDatasetVersionLineage(refer('rooted'));
    const sha256 = createHash('sha256').update(csv).digest('hex');
    expect(lineage).toMatchObject({
      kind: 'upload',
      uploadId: version?.uploadId,
      syncId: version?.syncId,
      parentVersionId: '',
      files: [{ name: 'table.csv', sizeBytes: String(csv.length), sha256 }],
      recipeJson: '{}',
      children: [{ kind: 'split', id: made.split?.id }],
    });
  });

  it('leads from a version to the one it was derived from, and back', async () => {
    const { version } = await create('parent', noise(40));
    const child = await service.client.createDataset(
      {
        organizationId,
        requestId: '',
        name: 'child',
        uploadId: '',
        recipeJson: '{"transforms":[{"select":["id"]}]}',
        derivedFrom: { versionId: version?.id ?? '', dataset: '', number: 0 },
      },
      { deadlineMs: 60_000 },
    );
    const lineage = await versions.getDatasetVersionLineage(refer('child'));
    expect(lineage).toMatchObject({ kind: 'version', parentVersionId: version?.id, uploadId: '' });
    const { children } = await versions.getDatasetVersionLineage(refer('parent'));
    expect(children).toMatchObject([{ kind: 'version', id: child.version?.id }]);
  });
});

describe('a download', () => {
  it('of Parquet is the snapshot, whole or in part', async () => {
    const { version } = await create('sent', noise(1000));
    const whole = await download('sent', DownloadFormat.PARQUET);
    expect(whole.header).toEqual({
      mediaType: 'application/vnd.apache.parquet',
      filename: 'sent-1.parquet',
      sizeBytes: version?.sizeBytes,
      sha256: version?.sha256,
    });
    expect(createHash('sha256').update(whole.content).digest('hex')).toBe(version?.sha256);
    const part = await download('sent', DownloadFormat.PARQUET, { startByte: '4', endByte: '104' });
    expect(part.content).toEqual(whole.content.subarray(4, 104));
    const rest = await download('sent', DownloadFormat.PARQUET, { startByte: '100' });
    expect(rest.content).toEqual(whole.content.subarray(100));
  });

  it('of a part that is not there, or of another format in part, is refused', async () => {
    const refused = { code: 'data_sources.download_range_invalid' };
    await expect(download('sent', DownloadFormat.PARQUET, { endByte: '99999999' })).rejects.toMatchObject(
      refused,
    );
    await expect(download('sent', DownloadFormat.CSV, { startByte: '1' })).rejects.toMatchObject(refused);
  });

  it('of a damaged snapshot does not end well', async () => {
    const { version } = await create('damaged', noise(50));
    const path = blobPath(version?.sha256 ?? '');
    const content = await readFile(path);
    content[20] = (content[20] ?? 0) ^ 1;
    await writeFile(path, content);
    await expect(download('damaged', DownloadFormat.PARQUET)).rejects.toMatchObject({ kind: 'internal' });
    await expect(download('damaged', DownloadFormat.CSV)).rejects.toMatchObject({ kind: 'internal' });
  });

  it('of CSV can be imported again as the same version, and is the same bytes every time', async () => {
    const first = await download('sent', DownloadFormat.CSV);
    expect(first.header).toMatchObject({
      mediaType: 'text/csv; charset=utf-8; header=present',
      sizeBytes: undefined,
    });
    expect(first.content.toString().split('\r\n')).toHaveLength(1002);
    expect((await download('sent', DownloadFormat.CSV)).content).toEqual(first.content);
    expect(await addVersion('sent', first.content.toString())).toMatchObject({ number: 1 });
  });

  it('of Arrow is a stream of record batches', async () => {
    const { content } = await download('sent', DownloadFormat.ARROW);
    const table = tableFromIPC(content);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(['id', 'x', 'colour']);
    expect([table.numRows, table.getChild('id')?.get(999)]).toEqual([1000, 999n]);
  });

  it('ends in the service, files and all, when its reader goes away', async () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `${i},some text that takes room ${i * 7919}`).join(
      '\n',
    );
    await create('long', `i,t\n${rows}\n`);
    const request = { ...refer('long'), format: DownloadFormat.CSV, startByte: '0', endByte: '0' };
    for await (const { part } of versions.downloadDatasetVersion(request)) if (part?.$case === 'chunk') break;
    await eventually(async () => {
      const left = await readdir(join(home, 'tmp', 'data-sources'));
      return left.length === 0 ? true : undefined;
    });
  });

  it('is refused while as many are converted as the service takes on', async () => {
    const request = { ...refer('long'), format: DownloadFormat.CSV, startByte: '0', endByte: '0' };
    const open = Array.from({ length: 4 }, () =>
      versions.downloadDatasetVersion(request)[Symbol.asyncIterator](),
    );
    for (const each of open) await each.next();
    await expect(download('long', DownloadFormat.ARROW)).rejects.toMatchObject({
      code: 'data_sources.downloads_busy',
    });
    for (const each of open) await each.return?.();
    await eventually(async () => {
      const again = await download('sent', DownloadFormat.ARROW).catch(() => undefined);
      return again && again.content.length > 0 ? true : undefined;
    });
    await eventually(async () =>
      (await readdir(join(home, 'tmp', 'data-sources'))).length === 0 ? true : undefined,
    );
  });
});

describe('a preview', () => {
  it('starts anywhere, and has values as they are', async () => {
    await create('looked-at', 'i,x,t\n1,0.5,a\n2,,b\n3,1.5,\n');
    const request = { organizationId, dataset: 'looked-at', number: 1, limit: 2, offset: '1' };
    const preview: dataSources.PreviewDatasetVersionResponse =
      await service.client.previewDatasetVersion(request);
    expect(preview.rows.map(({ values }) => values)).toEqual([
      ['2', '', 'b'],
      ['3', '1.5', ''],
    ]);
    expect(preview.typedRows).toEqual([
      [2, null, 'b'],
      [3, 1.5, null],
    ]);
  });
});
