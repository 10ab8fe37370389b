import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableBench } from '../../test/measured-table.js';
import type { TableBench } from '../../test/measured-table.js';
import { arrowRows } from './arrow-rows.js';
import { csvRows } from './csv-rows.js';
import { storedColumns } from './table-columns.js';

let bench: TableBench;

beforeAll(async () => {
  bench = await tableBench();
});

afterAll(() => bench.dispose());

async function download(rows: typeof csvRows, select: string): Promise<Buffer> {
  const path = await bench.write(select);
  const parts: Buffer[] = [];
  const columns = await storedColumns(bench.connection, path);
  for await (const part of rows(bench.connection, path, columns)) parts.push(part);
  return Buffer.concat(parts);
}

const csv = async (select: string) => (await download(csvRows, select)).toString();

describe('a table as CSV', () => {
  it('quotes what RFC 4180 says, and blanks at the ends, and nothing else', async () => {
    expect(
      await csv(
        `SELECT unnest(['plain', 'a,b', 'say "hi"', E'two\\nlines', ' led', 'ended\t', '']) AS "a ""name""", 1.5 :: DOUBLE AS n`,
      ),
    ).toBe(
      '"a ""name""",n\r\nplain,1.5\r\n"a,b",1.5\r\n"say ""hi""",1.5\r\n"two\nlines",1.5\r\n" led",1.5\r\n"ended\t",1.5\r\n"",1.5\r\n',
    );
  });

  it('leaves missing values empty, but no line of a table with one column', async () => {
    expect(await csv(`SELECT NULL :: BIGINT AS a, '' AS b, NULL :: VARCHAR AS c`)).toBe('a,b,c\r\n,"",\r\n');
    expect(await csv(`SELECT NULL :: BIGINT AS a`)).toBe('a\r\n""\r\n');
  });

  it('writes every type, files as base64, and formulas as they are', async () => {
    expect(
      await csv(
        `SELECT true AS b, DATE '2024-02-29' AS d, TIMESTAMP '2024-02-29 10:00:00.5' AS t, 9223372036854775807 AS i,
          0.1 :: DOUBLE AS x, [1.5, 2] :: DOUBLE[] AS l, 'abc' :: BLOB AS f, '=1+1' AS formula`,
      ),
    ).toBe(
      'b,d,t,i,x,l,f,formula\r\ntrue,2024-02-29,2024-02-29 10:00:00.5,9223372036854775807,0.1,"[1.5, 2.0]",YWJj,=1+1\r\n',
    );
  });

  it('keeps the order of the rows', async () => {
    const lines = (await csv('SELECT i FROM range(100000) AS t (i)')).split('\r\n');
    expect(lines).toEqual(['i', ...Array.from({ length: 100_000 }, (_, index) => String(index)), '']);
  });
});

describe('a table as an Arrow stream', () => {
  const arrow = async (select: string) => tableFromIPC(await download(arrowRows, select));

  it('has every value in its own type', async () => {
    const table = await arrow(
      `SELECT unnest([1.5, NULL, -0.25]) :: DOUBLE AS x, unnest([NULL, 9223372036854775807, -1]) AS i,
        unnest([true, false, NULL]) AS b, unnest(['é', NULL, '']) AS t,
        unnest([DATE '2024-02-29', NULL, DATE '1969-12-31']) AS d,
        unnest([TIMESTAMP '2024-02-29 10:00:00.123456', NULL, NULL]) AS at,
        unnest([[1.5, 2.5], NULL, []]) :: FLOAT[] AS l, unnest(['abc' :: BLOB, NULL, '' :: BLOB]) AS f,
        unnest([7, NULL, 9]) :: INTEGER AS w`,
    );
    const types = table.schema.fields.map(({ type }) => String(type));
    expect(types).toEqual([
      'Float64',
      'Int64',
      'Bool',
      'Utf8',
      'Date32<DAY>',
      'Timestamp<MICROSECOND>',
      'List<Float32>',
      'Binary',
      'Int32',
    ]);
    const column = (name: string): unknown[] => [...(table.getChild(name) ?? [])];
    expect(column('x')).toEqual([1.5, null, -0.25]);
    expect(column('i')).toEqual([null, 9223372036854775807n, -1n]);
    expect(column('b')).toEqual([true, false, null]);
    expect(column('t')).toEqual(['é', null, '']);
    expect(column('d').map((day) => day && new Date(day as number).toISOString().slice(0, 10))).toEqual([
      '2024-02-29',
      null,
      '1969-12-31',
    ]);
    expect(Number(column('at')[0])).toBe(Date.parse('2024-02-29T10:00:00.123456Z') + 0.456);
    expect(column('l').map((items) => items && [...(items as Iterable<number>)])).toEqual([
      [1.5, 2.5],
      null,
      [],
    ]);
    expect(column('f').map((file) => file && Buffer.from(file as Uint8Array).toString())).toEqual([
      'abc',
      null,
      '',
    ]);
    expect(column('w')).toEqual([7, null, 9]);
  });

  it('keeps the order of the rows over many batches', async () => {
    const table = await arrow('SELECT i FROM range(100000) AS t (i)');
    expect(table.batches.length).toBeGreaterThan(1);
    expect(table.numRows).toBe(100_000);
    expect(table.getChild('i')?.toArray()).toEqual(
      BigInt64Array.from({ length: 100_000 }, (_, index) => BigInt(index)),
    );
  });

  it('of a table without rows has its schema', async () => {
    const table = await arrow('SELECT 1 AS a WHERE false');
    expect([table.numRows, table.schema.fields[0]?.name]).toEqual([0, 'a']);
  });
});
