import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { inferKinds } from './column-kinds.js';
import { quoteText } from './sql.js';

async function kindOfValues(...values: string[]): Promise<string | undefined> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = values.map((value) => `(${value === '' ? 'NULL' : quoteText(value)})`).join(', ');
  const [kind] = await inferKinds(connection, `(VALUES ${rows}) AS t (c0)`, ['c0']);
  return kind;
}

describe('inferKinds', () => {
  it.each([
    ['BIGINT', ['1', '-2', '+3', '', '9223372036854775807']],
    ['DOUBLE', ['1', '2.5', '.5', '5.', '-1e-3', '12345678901234567890']],
    ['BOOLEAN', ['true', 'FALSE', '']],
    ['DATE', ['2020-02-29', '1999-12-31']],
    [
      'TIMESTAMP',
      ['2020-01-01', '2020-01-01 10:00:00', '2020-01-01T10:00:00.5Z', '2020-01-01T10:00:00+02:00'],
    ],
    ['VARCHAR', ['1', 'x']],
    ['VARCHAR', ['', '']],
    ['VARCHAR', ['1', 'true']],
    ['VARCHAR', ['2020-02-30']],
    ['VARCHAR', ['1_000']],
    ['VARCHAR', ['0x1F']],
    ['DOUBLE', ['inf', '1.5', '-INFINITY']],
    ['DOUBLE', ['1', '+inf']],
    ['VARCHAR', ['inf', '-inf']],
    ['VARCHAR', ['info', '1.5']],
    ['VARCHAR', ['1e999']],
    // Rounded to doubles, these two identifiers would be one.
    ['VARCHAR', ['12345678901234567890', '12345678901234567891']],
  ])('is %s for %j', async (kind, values) => {
    expect(await kindOfValues(...values)).toBe(kind);
  });
});
