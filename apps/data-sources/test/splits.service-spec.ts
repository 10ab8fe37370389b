import { randomUUID } from 'node:crypto';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  blobPath,
  countRows,
  create,
  createFaithful,
  organizationId,
  service,
  sha256,
  split,
  useService,
} from './harness.js';

useService();

beforeAll(() => createFaithful('faithful'));

describe('CreateSplit', () => {
  const ratios = { train: 0.7, validation: 0.15, test: 0.15 };

  it('splits 272 rows 190/41/41, disjoint and complete, each part in file order, and is the same again', async () => {
    const { split: made } = await split('faithful', ratios, '7');
    expect(made?.parts.map((part) => [part.name, part.rowCount])).toEqual([
      ['train', '190'],
      ['validation', '41'],
      ['test', '41'],
    ]);
    expect(await split('faithful', ratios, '7')).toEqual({ split: made });
    const listed = await service.client.listSplits({
      organizationId,
      dataset: 'faithful',
      number: 1,
      pageSize: 0,
      pageToken: '',
    });
    expect(listed.items.filter((item) => item.seed === '7')).toEqual([made]);
    const other = await split('faithful', ratios, '8');
    expect(other.split?.parts[0]?.sha256).not.toBe(made?.parts[0]?.sha256);
    const { version } = await service.client.getSplit({ organizationId, splitId: made?.id ?? '' });
    expect(version?.datasetName).toBe('faithful');
  });

  it('hands out rows by rank of SHA-256("<seed>:<row>"), on every machine', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => index);
    await create('numbered', `row\n${rows.join('\n')}\n`);
    const { split: made } = await split('numbered', ratios, '18446744073709551615');
    const key = (row: number) => sha256(`18446744073709551615:${row}`).slice(0, 16);
    const ranked = rows.map((row) => ({ row, key: key(row) })).sort((a, b) => (a.key < b.key ? -1 : 1));
    const expected = ranked
      .slice(0, 3_500)
      .map(({ row }) => row)
      .sort((a, b) => a - b);
    const parts = await Promise.all((made?.parts ?? []).map((part) => readNumbers(blobPath(part.sha256))));
    expect(parts[0]).toEqual(expected);
    expect(parts.flat().sort((a, b) => a - b)).toEqual(rows);
  });

  it('makes one split of two equal requests at the same time, and repeats by key', async () => {
    const half = { train: 0.5, validation: 0.5, test: 0 };
    const [first, second] = await Promise.all([split('faithful', half), split('faithful', half)]);
    expect(first).toEqual(second);
    expect(first.split?.parts.map((part) => part.name)).toEqual(['train', 'validation']);
    const requestId = randomUUID();
    const keyed = await split('faithful', ratios, '9', requestId);
    expect(await split('faithful', ratios, '9', requestId)).toEqual(keyed);
    const reused = split('faithful', ratios, '10', requestId);
    await expect(reused).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('refuses ratios that do not add up, a part without rows, and an absent version, changing nothing', async () => {
    const before = await countRows('split');
    const refused = { kind: 'invalid', code: 'data_sources.split_ratios_invalid' };
    await expect(split('faithful', { ...ratios, test: 0.2 })).rejects.toMatchObject(refused);
    await expect(split('faithful', { train: 1.5, validation: -0.5, test: 0 })).rejects.toMatchObject(refused);
    await expect(split('faithful', { train: Number.NaN, validation: 1, test: 0 })).rejects.toMatchObject(
      refused,
    );
    await expect(split('faithful', { train: 0, validation: 0.5, test: 0.5 })).rejects.toMatchObject(refused);
    await expect(split('faithful', undefined)).rejects.toMatchObject(refused);
    const tiny = split('faithful', { train: 0.999, validation: 0.001, test: 0 });
    await expect(tiny).rejects.toMatchObject({ code: 'data_sources.split_part_empty' });
    await expect(split('absent', ratios)).rejects.toMatchObject({ kind: 'not_found' });
    expect(await countRows('split')).toBe(before);
  });
});

/** The first column of a Parquet file, in file order. */
async function readNumbers(path: string): Promise<number[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
  return reader.getRows().map((row) => Number(row[0]));
}
