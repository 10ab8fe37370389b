import { randomUUID } from 'node:crypto';
import { dataSources } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import {
  create,
  createFaithful,
  database,
  getDataset,
  getVersion,
  organizationId,
  plain,
  preview,
  send,
  service,
  split,
  stranger,
  useService,
} from './harness.js';

useService();

describe('CreateDataset', () => {
  it('imports a file with its schema and statistics, and announces it', async () => {
    const { dataset, version } = await createFaithful('faithful');
    expect(dataset).toMatchObject({ name: 'faithful', latestVersion: 1 });
    expect(version).toMatchObject({
      number: 1,
      datasetName: 'faithful',
      rowCount: '272',
      droppedRowCount: '0',
    });
    const [eruptions, waiting] = version?.columns ?? [];
    expect(eruptions).toMatchObject({
      name: 'eruptions',
      type: dataSources.ColumnType.DOUBLE,
      min: '1.6',
      max: '5.1',
    });
    expect(eruptions?.mean).toBeCloseTo(3.4878, 4);
    expect(eruptions?.standardDeviation).toBeCloseTo(1.1414, 4);
    expect(eruptions?.quartiles).toEqual([2.16275, 4, 4.45425]);
    expect(waiting).toMatchObject({
      type: dataSources.ColumnType.INTEGER,
      min: '43',
      max: '96',
      distinctCount: '51',
    });
    expect(waiting?.mean).toBeCloseTo(70.8971, 4);
    expect(waiting?.quartiles).toEqual([58, 76, 82]);
    const subjects = await database.query(`SELECT subject FROM outbox WHERE aggregate_id = $1`, [
      dataset?.id,
    ]);
    expect(subjects.rows).toEqual([{ subject: 'data_sources.v1.dataset_version.imported' }]);
  });

  it('answers a repeat with the same key with the same dataset, and refuses another request under that key', async () => {
    const uploadId = (await send('a\n1\n')).id;
    const request = { organizationId, requestId: randomUUID(), name: 'repeated', uploadId, ...plain };
    const first = await service.client.createDataset(request);
    expect(await service.client.createDataset(request)).toEqual(first);
    const other = service.client.createDataset({ ...request, name: 'other' });
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(getDataset('other')).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('refuses a name that is taken or cannot be one, and an upload that is not there', async () => {
    const uploadId = (await send('a\n1\n')).id;
    const create = (name: string, upload = uploadId, requestId = '') =>
      service.client.createDataset({ organizationId, requestId, name, uploadId: upload, ...plain });
    await expect(create('faithful')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'data_sources.dataset_exists',
    });
    await expect(create('faithful', uploadId, randomUUID())).rejects.toMatchObject({ kind: 'conflict' });
    for (const name of ['', '.hidden', 'a b', 'a/b', 'x'.repeat(129)]) {
      await expect(create(name)).rejects.toMatchObject({ code: 'data_sources.dataset_name_invalid' });
    }
    await expect(create('new', 'upl_none')).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
    const foreign = (await send('a\n1\n', { organizationId: stranger })).id;
    await expect(create('new', foreign)).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
  });

  it('gives a name to one of two that ask for it at the same time', async () => {
    const uploads = [await send('a\n1\n'), await send('a\n2\n')];
    const results = await Promise.allSettled(
      uploads.map(({ id }) =>
        service.client.createDataset({
          organizationId,
          requestId: '',
          name: 'contested',
          uploadId: id,
          ...plain,
        }),
      ),
    );
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({
      kind: 'conflict',
    });
    expect((await getDataset('contested')).dataset?.latestVersion).toBe(1);
  });
});

describe('CreateDatasetVersion', () => {
  const version = (dataset: string, uploadId: string, requestId = '', organization = organizationId) =>
    service.client.createDatasetVersion({
      organizationId: organization,
      requestId,
      dataset,
      uploadId,
      ...plain,
    });

  it('numbers versions 1, 2, 3 …, and the same content makes no new one', async () => {
    const first = await create('versions', 'a,b\n1,2\n');
    const same = await version('versions', (await send('a,b\n1,2\n')).id);
    expect(same.version).toEqual(first.version);
    // Other bytes, same table: same snapshot, so the import is deterministic.
    const sameTable = await version('versions', (await send('\ufeffa, b\r\n1,"2"\r\n\r\n')).id);
    expect(sameTable.version).toEqual(first.version);
    const uploadId = (await send('a,b\n1,3\n')).id;
    const requestId = randomUUID();
    const next = await version('versions', uploadId, requestId);
    expect(next.version?.number).toBe(2);
    expect(await version('versions', uploadId, requestId)).toEqual(next);
    expect((await getDataset('versions')).dataset?.latestVersion).toBe(2);
  });

  it('numbers parallel imports without a gap or a double', async () => {
    await create('parallel', 'a\n0\n');
    const uploads = await Promise.all([1, 2, 3].map((value) => send(`a\n${value}\n`)));
    const made = await Promise.all(uploads.map(({ id }) => version('parallel', id)));
    expect(made.map((item) => item.version?.number).sort()).toEqual([2, 3, 4]);
  });

  it("refuses an absent or another organization's dataset or upload", async () => {
    const uploadId = (await send('a\n1\n')).id;
    await expect(version('absent', uploadId)).rejects.toMatchObject({
      code: 'data_sources.dataset_not_found',
    });
    await expect(version('faithful', 'upl_x')).rejects.toMatchObject({
      code: 'data_sources.upload_not_found',
    });
    const foreign = version('faithful', uploadId, '', stranger);
    await expect(foreign).rejects.toMatchObject({ code: 'data_sources.dataset_not_found' });
  });
});

describe('reads', () => {
  it('find a dataset by name and id, and a version by number and id', async () => {
    const { dataset } = await getDataset('faithful');
    expect(await getDataset(dataset?.id ?? '')).toEqual({ dataset });
    const byNumber = await getVersion({ dataset: 'faithful', number: 1 });
    expect(byNumber.version?.rowCount).toBe('272');
    expect(await getVersion({ versionId: byNumber.version?.id })).toEqual(byNumber);
    await expect(getVersion({ dataset: 'faithful', number: 4e9 })).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  it("answer another organization's things exactly as absent ones", async () => {
    const { version } = await getVersion({ dataset: 'faithful', number: 1 });
    const { split: made } = await split('faithful', { train: 0.5, validation: 0.25, test: 0.25 });
    const absent = { kind: 'not_found', code: 'data_sources.dataset_not_found' };
    await expect(getDataset('faithful', stranger)).rejects.toMatchObject(absent);
    await expect(preview('faithful', 1, 1, stranger)).rejects.toMatchObject(absent);
    const foreign = { organizationId: stranger, versionId: version?.id };
    await expect(getVersion(foreign)).rejects.toMatchObject({
      code: 'data_sources.dataset_version_not_found',
    });
    const get = (splitId: string, organization: string) =>
      service.client.getSplit({ organizationId: organization, splitId });
    await expect(get(made?.id ?? '', stranger)).rejects.toMatchObject({
      code: 'data_sources.split_not_found',
    });
    await expect(get('spl_absent', organizationId)).rejects.toMatchObject({
      code: 'data_sources.split_not_found',
    });
    const lists = { organizationId: stranger, dataset: 'faithful', number: 1, pageSize: 0, pageToken: '' };
    await expect(service.client.listSplits(lists)).rejects.toMatchObject(absent);
    await expect(service.client.listDatasetVersions(lists)).rejects.toMatchObject(absent);
    expect(await service.client.listDatasets(lists)).toEqual({ items: [], nextPageToken: '' });
  });

  it('page through datasets, versions and splits in order', async () => {
    const page = (pageToken: string) => ({
      organizationId,
      dataset: 'versions',
      number: 1,
      pageSize: 1,
      pageToken,
    });
    const first = await service.client.listDatasetVersions(page(''));
    const second = await service.client.listDatasetVersions(page(first.nextPageToken));
    expect([...first.items, ...second.items].map((version) => version.number)).toEqual([1, 2]);
    expect(second.nextPageToken).toBe('');
    const datasets = await service.client.listDatasets({ ...page(''), pageSize: 2 });
    expect(datasets.items.map((dataset) => dataset.name)).toEqual(['faithful', 'repeated']);
    const tooMany = service.client.listDatasets({ ...page(''), pageSize: 201 });
    await expect(tooMany).rejects.toMatchObject({ kind: 'invalid', code: 'page_size_invalid' });
  });

  it('preview the first rows, 20 unless told', async () => {
    const rows = await preview('faithful', 1, 0);
    expect(rows.columns).toEqual(['eruptions', 'waiting']);
    expect(rows.rows).toHaveLength(20);
    expect(rows.rows[0]).toEqual({ values: ['3.6', '79'] });
    await expect(preview('faithful', 1, 1001)).rejects.toMatchObject({
      code: 'data_sources.preview_limit_invalid',
    });
    await expect(preview('faithful', 2, 1)).rejects.toMatchObject({
      code: 'data_sources.dataset_version_not_found',
    });
  });
});
