import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEEN } from '../../tables/seen.js';
import { readCsv } from './csv-reader.js';
import type { CsvRows } from './csv-reader.js';
import type { TextSource } from './text-source.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-reader-'));
});

afterEach(() => rm(folder, { recursive: true }));

const comma = { separator: ','.charCodeAt(0), quote: '"'.charCodeAt(0), hasHeader: true };

/** Bytes that come in reads of whatever size is asked for. */
function textOf(text: string | Buffer): TextSource {
  let rest = Buffer.from(text as string);
  return {
    read: (target, offset, length) => {
      const count = rest.copy(target, offset, 0, length);
      rest = rest.subarray(count);
      return Promise.resolve(count);
    },
  };
}

async function read(
  text: string | Buffer,
  chunkBytes = 1024,
  dialect = comma,
): Promise<CsvRows & { rows: string }> {
  const work = { folder: await mkdtemp(join(folder, 'rows-')), signal: AbortSignal.timeout(10_000) };
  const result = await readCsv(textOf(text), dialect, { ...work, chunkBytes });
  const files = await Promise.all(result.paths.map((path) => readFile(path, 'utf8')));
  return { ...result, rows: files.join('') };
}

describe.each([1, 2, 3, 7, 1024])('readCsv in chunks of %i bytes', (size) => {
  it('writes rows canonically', async () => {
    const text = ' a ,"b ""c"""\r\n 1 ,"x, ""y""\r\nz" \r\n\r\n \rNA,n/a\r2,  \n3,"null"';
    expect(await read(text, size)).toMatchObject({
      names: ['a', 'b "c"'],
      rows: '1,"x, ""y""\r\nz"\n2,\n3,"null"\n',
      rowCount: 3,
      droppedRowCount: 1,
      markers: ['NA', 'n/a', 'null'],
      seen: [SEEN.integer, SEEN.text],
    });
  });

  it('keeps quotes, separators and line ends that are part of a value', async () => {
    expect((await read('a\n""""\n","\n"\n"\n', size)).rows).toBe('""""\n","\n"\n"\n');
  });

  it('names the line of the first wrong row, counting lines inside quotes', async () => {
    await expect(read('a,b\n"1\n2",3\n4\n5,6\n', size)).rejects.toThrow(
      /Line 4 has 1 value but the header names 2/,
    );
    await expect(read('a,b\r1,2,\r', size)).rejects.toThrow(/Line 2 has 3 values/);
    await expect(read('a,b\r\n1,2\r\n3\r\n\r\n', size)).rejects.toThrow(
      /Line 3, the last one, has 1 value of 2/,
    );
    await expect(read('a,b\n1,"2\n3,4\n', size)).rejects.toThrow(/quote opened on line 2 is never closed/);
  });

  it.each(['1"', '"1"2', '"1" "2"', '1""'])('refuses a quote in the wrong place: %s', async (value) => {
    await expect(read(`a\n${value}\n`, size)).rejects.toThrow(/Line 2, column 1 has a double quote/);
  });

  it('takes characters of 1 to 4 bytes wherever a chunk ends, and names the line of what is none', async () => {
    expect((await read('aé€😀\nß\n', size)).rows).toBe('ß\n');
    const bytes = Buffer.concat([Buffer.from('é\n€\n'), Buffer.from([0xe9, 0x2c, 0x0a])]);
    await expect(read(bytes, size)).rejects.toThrow(/Line 3 is not UTF-8/);
    await expect(read(Buffer.from('😀\n😀').subarray(0, -1), size)).rejects.toThrow(
      /Line 2 ends inside a character/,
    );
    await expect(read(Buffer.from('a\n\0'), size)).rejects.toThrow(/Line 2 holds a NUL/);
  });

  it('reads a first row that names nothing as data', async () => {
    const result = await read('1;x\n2;"y"\n', size, {
      ...comma,
      separator: ';'.charCodeAt(0),
      hasHeader: false,
    });
    expect(result).toMatchObject({
      names: ['column_1', 'column_2'],
      rows: '1;x\n2;"y"\n',
      seen: [1, SEEN.text],
    });
  });
});

describe('readCsv', () => {
  it('cuts the rows into files of a row group each', async () => {
    const rows = Array.from({ length: 122_881 }, (_, index) => `${index}\n`);
    const signal = AbortSignal.timeout(10_000);
    const { paths } = await readCsv(textOf(`a\n${rows.join('')}`), comma, { folder, signal });
    const lines = await Promise.all(
      paths.map(async (path) => (await readFile(path, 'utf8')).split('\n').length - 1),
    );
    expect(lines).toEqual([122_880, 1]);
  });

  it('refuses a line of 1 GB after its first megabytes', async () => {
    let given = 0;
    const endless: TextSource = {
      read: (target, offset, length) => {
        target.fill('x', offset, offset + length);
        given += length;
        return Promise.resolve(length);
      },
    };
    const work = { folder, signal: AbortSignal.timeout(10_000) };
    await expect(readCsv(endless, comma, work)).rejects.toMatchObject({
      code: 'data_sources.csv_row_too_long',
    });
    expect(given).toBeLessThan(8 * 1024 * 1024);
  });

  it('stops when it is told to', async () => {
    await expect(
      readCsv(textOf('a\n1\n'), comma, { folder, signal: AbortSignal.abort(new Error('cancelled')) }),
    ).rejects.toThrow('cancelled');
  });
});
