import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { inferKinds, kindOf } from '../../tables/column-kinds.js';
import { SEEN } from '../../tables/seen.js';
import { quoteText } from '../../tables/sql.js';
import { isMissing, kindOfValue } from './value-kinds.js';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'`);
});

function kindOfText(text: string): number {
  // Something stands on both sides of it, as in a file.
  const bytes = Buffer.from(`7${text}7`);
  return kindOfValue(bytes, 1, bytes.length - 1);
}

describe('kindOfValue', () => {
  it.each([
    ['1', SEEN.integer],
    ['-999999999999999999', SEEN.integer],
    ['9223372036854775807', SEEN.unsure],
    ['1.5', SEEN.double],
    ['.5', SEEN.double],
    ['5.', SEEN.double],
    ['-1e-3', SEEN.double],
    ['1e999', SEEN.unsure],
    ['inf', SEEN.infinite],
    ['-Infinity', SEEN.infinite],
    ['TRUE', SEEN.boolean],
    ['2024-02-29', SEEN.date],
    ['2023-02-29', SEEN.text],
    ['2024-01-01T10:00:00', SEEN.timestamp],
    ['2024-01-01 10:00:00.123456Z', SEEN.timestamp | SEEN.offset],
    ['2024-01-01 10:00', SEEN.unsure],
    ['1,234.5', SEEN.text],
    ['31/12/2024', SEEN.text],
    ['.', SEEN.text],
    ['-', SEEN.text],
    ['1_000', SEEN.text],
    ['0x1F', SEEN.text],
    ['é', SEEN.text],
  ])('of %j is %i', (text, kind) => {
    expect(kindOfText(text)).toBe(kind);
  });

  it('says of no value anything but what DuckDB says, unless it leaves it to DuckDB', async () => {
    const texts = manyTexts(1_500);
    const sure = texts.filter((text) => kindOfText(text) !== SEEN.unsure);
    expect(sure.length).toBeGreaterThan(texts.length / 2);
    const columns = sure.map((text) => `CAST(${quoteText(text)} AS VARCHAR)`);
    const byDuckDb = await inferKinds(connection, '(SELECT 1)', columns);
    const different = sure.filter((text, index) => kindOf(kindOfText(text)) !== byDuckDb[index]);
    expect(different).toEqual([]);
  });
});

describe('isMissing', () => {
  it.each(['NA', 'nan', 'Null', 'n/a'])('takes %s for a missing value', (text) => {
    expect(isMissing(Buffer.from(text), 0, text.length)).toBe(true);
  });

  it.each(['n', 'nano', 'none', '-', 'N/A '])('takes %s for a value', (text) => {
    expect(isMissing(Buffer.from(text), 0, text.length)).toBe(false);
  });
});

/** Texts that look like values of all kinds, many of them with a piece too many or too few; always the same. */
function manyTexts(count: number): string[] {
  const pieces = [
    '1',
    '23',
    '0',
    '2024',
    '-',
    '+',
    '.',
    'e',
    'E5',
    '-02-',
    '-12-31',
    '2024-02-29',
    ' ',
    'T',
    '10:00:00',
    ':59',
  ].concat([
    '.25',
    'Z',
    '+02:00',
    '-0330',
    'true',
    'False',
    'inf',
    'INFINITY',
    'a',
    '_',
    ',',
    '/',
    '9999999999999999999',
  ]);
  let state = 7;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const texts = Array.from({ length: count }, () =>
    Array.from({ length: 1 + next(4) }, () => pieces[next(pieces.length)])
      .join('')
      .trim(),
  );
  return [...new Set(texts)].filter((text) => text !== '');
}
