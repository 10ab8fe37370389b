import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataSources } from '@aimass/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  create,
  createFaithful,
  getDataset,
  home,
  organizationId,
  plain,
  preview,
  send,
  service,
  split,
  useService,
} from './harness.js';

useService();

beforeAll(() => createFaithful('faithful'));

describe('the import of a CSV file', () => {
  it.each([
    ['an empty file', '', 'csv_empty', /empty/],
    ['a file of blank lines', '\n\r\n \n', 'csv_empty', /empty/],
    ['a header without rows', 'a,b\n', 'csv_no_rows', /no rows/],
    ['rows without any value', 'a,b\nNA,\n,null\n', 'csv_no_rows', /all 2 rows/],
    ['a name that is there twice', 'a,b,A\n1,2,3\n', 'csv_header_duplicate', /"A" twice \(columns 1 and 3/],
    ['a column without a name', 'a,,c\n1,2,3\n', 'csv_header_blank', /column 2/],
    [
      'a row with too many values',
      'a,b\n1,2\n1,2,3\n4,5\n',
      'csv_ragged_row',
      /Line 3 has 3 values .* names 2/,
    ],
    ['a row with too few values', 'a,b\n1,2\n"x\ny",3\n7\n4,5\n', 'csv_ragged_row', /Line 5 has 1 value /],
    ['a cut last row', 'a,b\n1,2\n3', 'csv_cut', /Line 3, the last one, has 1 value of 2.*cut/],
    ['a cut quoted value', 'a,b\n1,2\n3,"x', 'csv_cut', /line 3 is never closed.*cut/],
    ['a cut character', Buffer.from('a,b\n1,é').subarray(0, -1), 'csv_cut', /Line 2 ends inside a character/],
    ['a misplaced quote', 'a,b\n1,2\n3,x"y"\n', 'csv_quote', /Line 3, column 2/],
    [
      'Latin-1 text',
      Buffer.from('a,b\n1,2\n3,é\n', 'latin1'),
      'csv_not_utf8',
      /Line 3 is not UTF-8.*csv\.encoding: latin1/,
    ],
    ['UTF-16 text that says so nowhere', Buffer.from('a,b\n1,2\n', 'utf16le'), 'csv_nul', /Line 1.*encoding/],
    ['a NUL byte', 'a,b\n1,2\n3,\0\n', 'csv_nul', /Line 3 holds a NUL/],
    ['too many columns', `${names(10_001)}\n`, 'csv_too_many_columns', /10001 columns; at most 10000/],
    ['a row too long', `a\n"${'x'.repeat(1_000_001)}"\n`, 'csv_row_too_long', /line 2/],
  ])('refuses %s with its own code, changing nothing', async (_, content, code, message) => {
    const name = `bad-${randomUUID()}`;
    const upload = await send(content);
    const blobs = (await readdir(join(home, 'blobs'), { recursive: true })).length;
    const create = service.client.createDataset({
      organizationId,
      requestId: '',
      name,
      uploadId: upload.id,
      ...plain,
    });
    await expect(create).rejects.toMatchObject({ kind: 'invalid', code: `data_sources.${code}` });
    await expect(create).rejects.toThrow(message);
    await expect(getDataset(name)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await readdir(join(home, 'blobs'), { recursive: true })).length).toBe(blobs);
    const again = service.client.createDatasetVersion({
      organizationId,
      requestId: '',
      dataset: 'faithful',
      uploadId: upload.id,
      ...plain,
    });
    await expect(again).rejects.toMatchObject({ code: `data_sources.${code}` });
    expect((await getDataset('faithful')).dataset?.latestVersion).toBe(1);
  });

  it('types columns by the whole file, drops rows without values, and keeps columns and rows in order', async () => {
    const early = Array.from(
      { length: 30_000 },
      (_, index) => `${index},${index},1,true,2020-01-01,2020-01-01`,
    );
    const late = [
      'NA, ,"",N/A,NaN,null',
      '-1,0.5,x,FALSE,2020-01-02,"2020-01-02T10:00:00+02:00"',
      ',1,"say ""hi""; é",,,',
    ];
    const text = `\ufeffz,y,"x ""1""",w,v,'u'\r\n${[...early, ...late].join('\r\n')}`;
    const { version } = await create('typed', text);
    expect(version).toMatchObject({ rowCount: '30002', droppedRowCount: '1' });
    const { ColumnType } = dataSources;
    expect(version?.columns.map((column) => [column.name, column.type, column.nullCount])).toEqual([
      ['z', ColumnType.INTEGER, '1'],
      ['y', ColumnType.DOUBLE, '0'],
      ['x "1"', ColumnType.TEXT, '0'],
      ['w', ColumnType.BOOLEAN, '1'],
      ['v', ColumnType.TIMESTAMP, '1'],
      [`'u'`, ColumnType.TIMESTAMP, '1'],
    ]);
    expect(version?.columns[5]?.max).toBe('2020-01-02 08:00:00');
    expect(version?.columns[2]).toMatchObject({
      distinctCount: '3',
      min: '1',
      max: 'x',
      mean: undefined,
      quartiles: [],
    });
    const rows = await preview('typed', 1, 3);
    expect(rows.rows[2]?.values).toEqual(['2', '2.0', '1', 'true', '2020-01-01', '2020-01-01 00:00:00']);
  });

  it('takes names and values as data, whatever SQL they look like', async () => {
    const name = `"); DROP TABLE x; --`;
    const { version } = await create(
      'quoted',
      `"${name.replaceAll('"', '""')}",'a',part,file_row_number\n';x,1,2,3\n`,
    );
    expect(version?.columns.map((column) => column.name)).toEqual([name, `'a'`, 'part', 'file_row_number']);
    expect((await preview('quoted', 1, 0)).rows).toEqual([{ values: [`';x`, '1', '2', '3'] }]);
    const { split: made } = await split('quoted', { train: 1, validation: 0, test: 0 });
    expect(made?.parts).toMatchObject([{ name: 'train', rowCount: '1' }]);
  });
});

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `c${index}`).join(',');
}
