import { dataSources } from '@aimass/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { organizationId, preview, send, service, useService } from './harness.js';
import { wideText } from './wide-text.js';

useService();

const { ColumnType } = dataSources;

let number = 0;

/** Imports a text under a name of its own. */
async function importText(content: string | Buffer, recipe: object = {}, filename = 'table.csv') {
  const name = `odd-${number++}`;
  const { id: uploadId } = await send(content, { filename });
  const request = { organizationId, requestId: '', name, uploadId, recipeJson: JSON.stringify(recipe) };
  const { version } = await service.client.createDataset(
    { ...request, derivedFrom: undefined },
    { deadlineMs: 40_000 },
  );
  const { rows } = await preview(name, 1, 100);
  const types = version?.columns.map(({ type }) => type);
  return { version, types, rows: rows.map(({ values }) => values), columns: version?.columns ?? [] };
}

describe('encodings', () => {
  const text = 'name,city\nZoë,Köln\n😀,"a, b"\n';

  it.each([
    ['UTF-16 little endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), {}],
    ['UTF-16 big endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), {}],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), { csv: { encoding: 'utf-16le' } }],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), { csv: { encoding: 'utf-8' } }],
  ])('reads %s', async (_, content, recipe) => {
    const { rows, version } = await importText(content, recipe);
    expect(version?.columns.map(({ name }) => name)).toEqual(['name', 'city']);
    expect(rows).toEqual([
      ['Zoë', 'Köln'],
      ['😀', 'a, b'],
    ]);
  });

  it('reads Latin-1 and Windows-1252 when the recipe says so', async () => {
    const latin = Buffer.from('name\nZoë\n', 'latin1');
    expect((await importText(latin, { csv: { encoding: 'latin1' } })).rows).toEqual([['Zoë']]);
    const windows = Buffer.concat([
      Buffer.from('price\n'),
      Buffer.from([0x80, 0x20, 0x93, 0x35, 0x94, 0x0a]),
    ]);
    expect((await importText(windows, { csv: { encoding: 'windows-1252' } })).rows).toEqual([['€ “5”']]);
  });

  it('refuses text of another encoding than the recipe says', async () => {
    const recipe = { csv: { encoding: 'utf-16le' } };
    await expect(importText(Buffer.from([0x61, 0x00, 0x00, 0xd8, 0x61, 0x00]), recipe)).rejects.toMatchObject(
      {
        code: 'data_sources.csv_encoding',
      },
    );
  });
});

describe('numbers', () => {
  it('takes thousands and decimal separators by the recipe only', async () => {
    const text = 'a,b\n"1,234.5",1\n"-1,000",2\n12.25,3\n';
    expect((await importText(text)).types).toEqual([ColumnType.TEXT, ColumnType.INTEGER]);
    const { types, rows } = await importText(text, { csv: { thousands: ',' } });
    expect(types).toEqual([ColumnType.DOUBLE, ColumnType.INTEGER]);
    expect(rows.map(([a]) => a)).toEqual(['1234.5', '-1000.0', '12.25']);
    const german = await importText('a;b\n1.234,5;1,5\n-1,25;2.5\n', {
      csv: { thousands: '.', decimal: ',' },
    });
    // 2.5 is no number with these separators, so that column stays text.
    expect(german.types).toEqual([ColumnType.DOUBLE, ColumnType.TEXT]);
    expect(german.rows.map(([a]) => a)).toEqual(['1234.5', '-1.25']);
  });

  it('keeps infinities in a column of numbers, out of its statistics, and takes NaN for missing', async () => {
    const { columns, rows, types } = await importText('a,b\n1,inf\ninf,-inf\nNaN,inf\n3,x\n-Infinity,y\n');
    expect(types).toEqual([ColumnType.DOUBLE, ColumnType.TEXT]);
    expect(rows.map(([a]) => a)).toEqual(['1.0', 'inf', '', '3.0', '-inf']);
    expect(columns[0]).toMatchObject({
      nullCount: '1',
      min: '1.0',
      max: '3.0',
      mean: 2,
      quartiles: [1.5, 2, 2.5],
    });
    expect(columns[0]?.standardDeviation).toBeCloseTo(Math.SQRT2);
  });
});

describe('dates', () => {
  const text = 'iso,day,month\n2024-12-31,01/02/2024,12/31/2024\n2024-01-01,31/12/2024,01/02/2024\n';

  it('leaves dates text that could mean two days, and reads them by the format of the recipe', async () => {
    expect((await importText(text)).types).toEqual([ColumnType.TIMESTAMP, ColumnType.TEXT, ColumnType.TEXT]);
    const { rows } = await importText(text, {
      columns: [{ name: 'day', format: '%d/%m/%Y' }],
    });
    expect(rows).toEqual([
      ['2024-12-31', '2024-02-01', '12/31/2024'],
      ['2024-01-01', '2024-12-31', '01/02/2024'],
    ]);
    await expect(importText(text, { columns: [{ name: 'day', format: '%m/%d/%Y' }] })).rejects.toThrow(
      /Row 2 has "31\/12\/2024" in column "day", which is not of the form %m\/%d\/%Y/,
    );
    await expect(importText(text, { columns: [{ name: 'day', format: '%Q' }] })).rejects.toMatchObject({
      code: 'data_sources.csv_date_format_invalid',
    });
  });
});

describe('a recipe', () => {
  it('overrides types, and names the first row that is not of the type', async () => {
    const text = 'id,flag\n001,yes\n002,true\n';
    const { rows, types } = await importText(text, { columns: [{ name: 'id', type: 'text' }] });
    expect(types).toEqual([ColumnType.TEXT, ColumnType.TEXT]);
    expect(rows[0]).toEqual(['001', 'yes']);
    const wrong = importText(text, { columns: [{ name: 'flag', type: 'boolean' }] });
    await expect(wrong).rejects.toMatchObject({ code: 'data_sources.csv_value_invalid' });
    await expect(wrong).rejects.toThrow(/Row 1 has "yes" in column "flag", which is not true or false/);
    await expect(importText(text, { columns: [{ name: 'ID', type: 'text' }] })).rejects.toMatchObject({
      code: 'data_sources.csv_column_unknown',
    });
  });

  it('says which texts are missing values of a column', async () => {
    const { rows, types } = await importText('country,n\nNA,-\nDE,3\n', {
      columns: [
        { name: 'country', nullValues: [] },
        { name: 'n', nullValues: ['-'] },
      ],
    });
    expect(types).toEqual([ColumnType.TEXT, ColumnType.INTEGER]);
    expect(rows).toEqual([
      ['NA', ''],
      ['DE', '3'],
    ]);
  });

  it('names delimiter, quote and a file without a header', async () => {
    const { rows, columns } = await importText(`1^'a^''b'\n2^c\n`, {
      csv: { delimiter: '^', quote: `'`, header: false },
    });
    expect(columns.map(({ name }) => name)).toEqual(['column_1', 'column_2']);
    expect(rows).toEqual([
      ['1', `a^'b`],
      ['2', 'c'],
    ]);
    await expect(importText('a\n1\n', { csv: { delimiter: '1' } })).rejects.toMatchObject({
      code: 'data_sources.csv_option_invalid',
    });
  });

  it('is not needed for tabs: the name of the file says it', async () => {
    const { rows } = await importText('a\tb, c\n1, 5\t2\n', {}, 'table.tsv');
    expect(rows).toEqual([['1, 5', '2']]);
  });
});

describe('a large table', () => {
  let text: string;

  beforeAll(() => {
    const rows = Array.from(
      { length: 400_000 },
      (_, index) => `${index},${index % 7 === 0 ? '' : index / 8},"v, ${index % 50}"`,
    );
    // A line end of each kind, and blanks around values: all of this is rewritten.
    text = `id,part,label\r\n${rows.slice(0, 10).join('\r')}\r\n${rows.slice(10).join('\n')}\n`;
  });

  it('gives the same snapshot every time, with the rows in their order', async () => {
    const first = await importText(text);
    const again = await importText(text);
    expect(again.version?.sha256).toBe(first.version?.sha256);
    expect(first.version).toMatchObject({ rowCount: '400000' });
    expect(first.rows.map(([id]) => id)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  });

  it('of 10,000 columns is refused where a table may not take so much memory, and says what it lacks', async () => {
    const wide = importText(wideText(10_000, 1));
    await expect(wide).rejects.toMatchObject({ code: 'data_sources.table_too_large' });
    await expect(wide).rejects.toThrow(/TABLE_MEMORY_MB/);
  });
});
