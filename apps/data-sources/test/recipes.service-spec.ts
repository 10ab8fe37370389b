import { readFile } from 'node:fs/promises';
import { dataSources, datasetVersions, splits } from '@aimass/contracts';
import { parsePreprocessing } from '@aimass/platform-model-files';
import { grpcClient } from '@aimass/platform-grpc';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import {
  blobPath,
  countRows,
  create,
  organizationId,
  preview,
  service,
  stranger,
  useService,
} from './harness.js';

useService();

const { SplitStrategy } = dataSources;
const { DownloadFormat } = datasetVersions;
const ratios = { train: 0.6, validation: 0.2, test: 0.2 };
/** 100 flowers; size and color have gaps. */
const FLOWERS = `size,color,day\n${Array.from({ length: 100 }, (_, i) => {
  const size = i % 10 === 0 ? '' : `${(i * 37) % 101}.5`;
  return `${size},${['red', 'blue', '', 'green'][i % 4] ?? ''},2024-01-${String((i % 28) + 1).padStart(2, '0')}`;
}).join('\n')}\n`;
const FITTED = [
  { fill: { size: 'mean' } },
  { oneHot: { columns: ['color'] } },
  { standardize: { columns: ['size'] } },
];

function makeSplit(dataset: string, request: Partial<dataSources.CreateSplitRequest> = {}) {
  return service.client.createSplit(
    dataSources.CreateSplitRequest.fromPartial({
      organizationId,
      dataset,
      number: 1,
      ratios,
      seed: '7',
      ...request,
    }),
  );
}

async function split(dataset: string, request: Partial<dataSources.CreateSplitRequest> = {}) {
  const made = await makeSplit(dataset, request);
  if (!made.split) throw new Error('no split in the answer');
  return made.split;
}

async function query(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

async function download(splitId: string, format: datasetVersions.DownloadFormat, asking = organizationId) {
  const client = grpcClient(splits.SplitsServiceService, { address: service.address, name: 'splits' });
  try {
    const chunks: Uint8Array[] = [];
    const request = { organizationId: asking, splitId, format };
    for await (const { part } of client.exportSplitMembership(request)) {
      if (part?.$case === 'chunk') chunks.push(part.value);
    }
    return Buffer.concat(chunks);
  } finally {
    client.close();
  }
}

/** The part of each row. */
async function membershipOf(splitId: string): Promise<string[]> {
  const [header, ...lines] = (await download(splitId, DownloadFormat.CSV)).toString().trim().split('\n');
  expect(header).toBe('row_index,part');
  return lines.map((line, row) => {
    const [index, part = ''] = line.split(',');
    expect(Number(index)).toBe(row);
    return part;
  });
}

const pathOf = (made: dataSources.Split, name: string) =>
  blobPath(made.parts.find((part) => part.name === name)?.sha256 ?? '');

describe('the recipe of an import', () => {
  it('selects, filters, casts, fills and renames rows before the snapshot is taken', async () => {
    const { version } = await create('cleaned', FLOWERS, {
      transforms: [
        {
          filter: {
            and: [
              { column: 'color', op: 'isNotNull' },
              { column: 'size', op: '<', value: 50 },
            ],
          },
        },
        { fill: { size: -1 } },
        { cast: { size: 'text' } },
        { rename: { color: 'colour' } },
        { drop: ['day'] },
      ],
    });
    expect(version?.columns.map(({ name, storedType }) => [name, storedType])).toEqual([
      ['size', 'VARCHAR'],
      ['colour', 'VARCHAR'],
    ]);
    expect(JSON.parse(version?.recipeJson ?? '')).toHaveProperty('transforms');
    const { rows } = await preview('cleaned', 1, 1000);
    expect(rows).toHaveLength(Number(version?.rowCount));
    expect(rows.every(({ values }) => values[1] !== '')).toBe(true);
  });

  it.each([
    ['a cast that loses a value', [{ cast: { color: 'double' } }], 'data_sources.cast_failed'],
    ['an absent column', [{ drop: ['weight'] }], 'data_sources.transform_invalid'],
    [
      'a filter that leaves nothing',
      [{ filter: { column: 'size', op: '>', value: 1e9 } }],
      'data_sources.transform_no_rows',
    ],
    [
      'a step that could never be fitted',
      [{ standardize: { columns: ['color'] } }],
      'data_sources.transform_invalid',
    ],
    ['an unknown step', [{ explode: ['size'] }], 'data_sources.recipe_invalid'],
    ['SQL where an expression belongs', [{ filter: 'size > 1' }], 'data_sources.recipe_invalid'],
  ])('is refused with %s, and nothing is made', async (_, transforms, code) => {
    await expect(create('refused', FLOWERS, { transforms })).rejects.toMatchObject({ kind: 'invalid', code });
    await expect(service.client.getDataset({ organizationId, dataset: 'refused' })).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  it('must not rescale the target', async () => {
    const recipe = { target: 'size', transforms: [{ standardize: { columns: ['size'] } }] };
    await expect(create('refused', FLOWERS, recipe)).rejects.toThrow(/is the target/);
  });

  it('makes a new version of the rows of another, with its lineage', async () => {
    const { version: parent } = await create('parent', FLOWERS);
    const { version } = await service.client.createDatasetVersion(
      dataSources.CreateDatasetVersionRequest.fromPartial({
        organizationId,
        dataset: 'parent',
        derivedFrom: { versionId: parent?.id ?? '' },
        recipeJson: JSON.stringify({ transforms: [{ filter: { column: 'color', op: '=', value: 'red' } }] }),
      }),
    );
    expect(version).toMatchObject({ number: 2, rowCount: '25', uploadId: '' });
  });
});

describe('transforms that are fitted', () => {
  it('are fitted on train, kept with the split, and applied to every part', async () => {
    await create('fitted', FLOWERS, { transforms: FITTED });
    const made = await split('fitted');
    const document = await readFile(blobPath(made.preprocessingSha256));
    const fit = parsePreprocessing(document);
    expect(fit.steps.map(({ op, column }) => `${op} ${column}`)).toEqual([
      'fill size',
      'oneHot color',
      'standardize size',
    ]);
    const columns = await query(`DESCRIBE SELECT * FROM read_parquet('${pathOf(made, 'test')}')`);
    expect(columns.map(([name, type]) => `${String(name)} ${String(type)}`)).toEqual([
      'size DOUBLE',
      'color_blue DOUBLE',
      'color_green DOUBLE',
      'color_red DOUBLE',
      'day DATE',
    ]);
    const [train] = await query(
      `SELECT avg(size), stddev_pop(size) FROM read_parquet('${pathOf(made, 'train')}')`,
    );
    expect(Number(train?.[0])).toBeCloseTo(0, 12);
    expect(Number(train?.[1])).toBeCloseTo(1, 12);
  });

  it('learn nothing of validation and test: other values there change nothing of the fit', async () => {
    await create('honest', FLOWERS, { transforms: FITTED });
    const honest = await split('honest');
    const inTrain = new Set(
      (await membershipOf(honest.id)).flatMap((part, row) => (part === 'train' ? [row] : [])),
    );
    const [header = '', ...lines] = FLOWERS.trim().split('\n');
    const changed = lines.map((line, row) => (inTrain.has(row) ? line : '1e9,violet,2031-12-31'));
    await create('changed', [header, ...changed, ''].join('\n'), { transforms: FITTED });
    const other = await split('changed');
    expect(other.preprocessingSha256).toBe(honest.preprocessingSha256);
    expect(other.parts[0]?.sha256).toBe(honest.parts[0]?.sha256);
    expect(other.parts[2]?.sha256).not.toBe(honest.parts[2]?.sha256);
  });

  it('refuse a split on whose train they cannot be fitted, which leaves no record', async () => {
    const before = await countRows('split');
    await create('ids', `id\n${Array.from({ length: 3000 }, (_, i) => `x${i}`).join('\n')}\n`, {
      transforms: [{ oneHot: { columns: ['id'] } }],
    });
    await expect(makeSplit('ids')).rejects.toMatchObject({ code: 'data_sources.fit_impossible' });
    expect(await countRows('split')).toBe(before);
  });
});

describe('strategies', () => {
  it('are each one split for the same request, and different splits for different ones', async () => {
    await create('strategies', FLOWERS);
    const requests: Partial<dataSources.CreateSplitRequest>[] = [
      {},
      { strategy: SplitStrategy.STRATIFIED, column: 'color' },
      { strategy: SplitStrategy.TIME, column: 'day' },
      {
        strategy: SplitStrategy.TIME,
        column: 'day',
        ratios: undefined,
        cuts: { validationFrom: undefined, testFrom: new Date('2024-01-20') },
      },
      { strategy: SplitStrategy.GROUP, column: 'color' },
    ];
    const ids = [];
    for (const request of requests) {
      const made = await split('strategies', request);
      expect(await split('strategies', request)).toEqual(made);
      expect(made.strategy).toBe(request.strategy ?? SplitStrategy.RANDOM);
      expect(made.column).toBe(request.column ?? '');
      ids.push(made.id);
    }
    expect(new Set(ids).size).toBe(requests.length);
    // The order of days knows no chance.
    const time = { strategy: SplitStrategy.TIME, column: 'day' };
    expect((await split('strategies', { ...time, seed: '99' })).id).toBe(ids[2]);
    const cut = await split('strategies', requests[3]);
    expect(cut).toMatchObject({
      ratios: undefined,
      cuts: { validationFrom: undefined, testFrom: new Date('2024-01-20') },
    });
    expect(cut.parts.map(({ name }) => name)).toEqual(['train', 'test']);
  });

  it.each<[string, Partial<dataSources.CreateSplitRequest>, string]>([
    ['random with a column', { column: 'color' }, 'split_choice_invalid'],
    ['stratified without one', { strategy: SplitStrategy.STRATIFIED }, 'split_choice_invalid'],
    ['an absent column', { strategy: SplitStrategy.GROUP, column: 'x' }, 'split_column_invalid'],
    ['time by a text', { strategy: SplitStrategy.TIME, column: 'color' }, 'split_column_invalid'],
    [
      'ratios and cuts',
      {
        strategy: SplitStrategy.TIME,
        column: 'day',
        cuts: { validationFrom: undefined, testFrom: new Date(0) },
      },
      'split_choice_invalid',
    ],
    [
      'cuts that leave train empty',
      {
        strategy: SplitStrategy.TIME,
        column: 'day',
        ratios: undefined,
        cuts: { validationFrom: undefined, testFrom: new Date(0) },
      },
      'split_part_empty',
    ],
    ['one group for three parts', { strategy: SplitStrategy.GROUP, column: 'c' }, 'split_part_empty'],
  ])('refuse %s', async (_, request, code) => {
    const dataset = `refusing-${code}-${String(request.column)}-${String(request.strategy)}`.slice(0, 100);
    await create(dataset, `color,day,c\n${'red,2024-01-01,1\nblue,2024-01-02,1\n'.repeat(5)}`);
    await expect(makeSplit(dataset, request)).rejects.toMatchObject({
      kind: 'invalid',
      code: `data_sources.${code}`,
    });
  });
});

describe('ExportSplitMembership', () => {
  it('says of every row which part it is in, as CSV and as Parquet', async () => {
    await create('members', FLOWERS);
    const made = await split('members', { strategy: SplitStrategy.STRATIFIED, column: 'color' });
    const parts = await membershipOf(made.id);
    expect(parts).toHaveLength(100);
    for (const { name, rowCount } of made.parts) {
      expect(parts.filter((part) => part === name)).toHaveLength(Number(rowCount));
    }
    const parquet = await download(made.id, DownloadFormat.PARQUET);
    expect(parquet.subarray(0, 4).toString()).toBe('PAR1');
  });

  it('is absent to strangers, and not sent in other formats', async () => {
    await create('private', FLOWERS);
    const { id } = await split('private');
    await expect(download(id, DownloadFormat.CSV, stranger)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(download(id, DownloadFormat.ARROW)).rejects.toMatchObject({ kind: 'invalid' });
  });
});
