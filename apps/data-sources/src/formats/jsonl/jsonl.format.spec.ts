import { describe, expect, it } from 'vitest';
import { runFormat } from '../../../test/support/format-run.js';
import { JsonlFormat } from './jsonl.format.js';

const run = (...lines: (string | Buffer)[]) =>
  runFormat(new JsonlFormat(), {
    'rows.jsonl': Buffer.concat(lines.map((line) => Buffer.from(line as string))),
  });

const kindsOf = async (...values: string[]) => {
  const { table, rows } = await run(values.map((value) => `{"a":${value}}\n`).join('') + '{"b":1}');
  return { kind: table.columns[0]?.kind, values: rows.slice(0, -1).map(([value]) => value) };
};

describe('JSON Lines', () => {
  it('become a table with the union of all keys in the order in which they came', async () => {
    const { table, rows } = await run(
      '\ufeff{"b": 1, "a": "x"}\r\n\n  {"c": true,"b":null}\n{}\n{"a":null}\n{"\\u0061": "é\\n\\"😀"}',
    );
    expect(table.columns).toEqual([
      { name: 'b', kind: 'BIGINT' },
      { name: 'a', kind: 'VARCHAR' },
      { name: 'c', kind: 'BOOLEAN' },
    ]);
    expect(rows).toEqual([
      ['1', 'x', null],
      [null, null, true],
      [null, 'é\n"😀', null],
    ]);
    expect(table).toMatchObject({ kind: 'table', rowCount: 3, droppedRowCount: 2 });
  });

  it.each([
    [['1', '-9223372036854775808'], 'BIGINT', ['1', '-9223372036854775808']],
    [['9223372036854775808', '1'], 'VARCHAR', ['9223372036854775808', '1']],
    [['1', '2.50', '-1e3'], 'DOUBLE', [1, 2.5, -1000]],
    [['1e999', '1'], 'VARCHAR', ['1e999', '1']],
    [['true', 'false'], 'BOOLEAN', [true, false]],
    [['"007"', '"8"'], 'VARCHAR', ['007', '8']],
    [['"true"', 'true'], 'VARCHAR', ['true', 'true']],
    [['1', '"1"', '1.50'], 'VARCHAR', ['1', '1', '1.50']],
    [['"2020-02-29"', '"2021-01-01"'], 'DATE', ['2020-02-29', '2021-01-01']],
    [['"2021-02-29"', '"2021-01-01"'], 'VARCHAR', ['2021-02-29', '2021-01-01']],
    [
      ['"2020-01-01T10:00:00+02:00"', '"2020-01-01"'],
      'TIMESTAMP',
      ['2020-01-01 08:00:00', '2020-01-01 00:00:00'],
    ],
    [['"2020-01-01 25:00:00"'], 'VARCHAR', ['2020-01-01 25:00:00']],
    [['{"x": [1, 12345678901234567890]}', '[]'], 'VARCHAR', ['{"x": [1, 12345678901234567890]}', '[]']],
    [['"NA"', '""'], 'VARCHAR', ['NA', '']],
    [['null'], 'VARCHAR', [null]],
  ])('type %j as %s, changing no value', async (values, kind, expected) => {
    const found = await kindsOf(...values);
    expect(found.kind).toBe(kind);
    expect(found.values).toEqual(expected.filter((value) => value !== null));
  });

  it('of several files are read as one, in order', async () => {
    const format = new JsonlFormat();
    const { rows } = await runFormat(format, { a: '{"x":1}', b: '{"y":2}\n{"x":3}\n' });
    expect(rows).toEqual([
      ['1', null],
      [null, '2'],
      ['3', null],
    ]);
    await expect(runFormat(format, { a: '{"x":1}', b: '\n{' })).rejects.toThrow(/Line 2 of "b"/);
  });

  it('give the same snapshot for the same bytes', async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `{"i":${i},"t":"text ${i % 7}","n":[${i}]}`).join(
      '\n',
    );
    expect((await run(text)).sha256).toBe((await run(text)).sha256);
  });

  it('take keys and values as data, whatever SQL they look like', async () => {
    const key = `"); DROP TABLE x; --'`;
    const { table, rows } = await run(JSON.stringify({ [key]: `'; --`, __proto__x: 1, c0: '${1}' }));
    expect(table.columns.map(({ name }) => name)).toEqual([key, '__proto__x', 'c0']);
    expect(rows).toEqual([[`'; --`, '1', '${1}']]);
    expect((await run('{"__proto__":1,"constructor":2}')).rows).toEqual([['1', '2']]);
  });

  it.each([
    ['nothing', '', 'jsonl_no_rows', /no rows/],
    ['objects without values', '{}\n{"a":null}', 'jsonl_no_rows', /all 2 objects/],
    ['a cut line', '{"a":1}\n{"a":', 'jsonl_line_invalid', /Line 2 is no JSON object/],
    ['a list of objects', '[{"a":1},\n{"a":2}]', 'jsonl_line_invalid', /Line 1/],
    ['a list on a line', '[{"a":1}]', 'jsonl_line_invalid', /it is a list/],
    ['a single value', '{"a":1}\n5', 'jsonl_line_invalid', /Line 2 .*single value/],
    ['a comment', '{"a":1} // one', 'jsonl_line_invalid', /Line 1/],
    ['two objects on a line', '{"a":1}{"a":2}', 'jsonl_line_invalid', /Line 1/],
    ['NaN', '{"a":NaN}', 'jsonl_line_invalid', /Line 1/],
    [
      'a key that is there twice',
      '{"a":1}\n{"a":1,"b":2,"\\u0061":3}',
      'jsonl_duplicate_key',
      /Line 2 .*"a" twice/,
    ],
    ['keys that differ in case only', '{"a":1}\n{"A":1}', 'column_name_duplicate', /"a" and "A"/],
    ['an empty key', '{"":1}', 'column_name_invalid', /""/],
    ['Latin-1 text', Buffer.from('{"a":"x"}\n{"a":"é"}', 'latin1'), 'jsonl_not_utf8', /Line 2/],
    ['a cut character', Buffer.from('{"a":"é').subarray(0, -1), 'jsonl_not_utf8', /Line 1/],
    ['UTF-16 text', Buffer.from('\ufeff{"a":1}', 'utf16le'), 'jsonl_not_utf8', /Line 1/],
    ['half a character', '{"a":"\\ud83d"}', 'jsonl_text_invalid', /Line 1 .*"a"/],
    ['a NUL', '{"a":"\\u0000"}', 'jsonl_text_invalid', /Line 1 .*"a"/],
    ['a line too long', `{"a":1}\n{"a":"${'x'.repeat(10_000_001)}"}`, 'jsonl_line_too_long', /Line 2/],
    ['deep nesting that never ends', '['.repeat(2_000_000), 'jsonl_line_invalid', /Line 1/],
    ['too many keys', keys(10_001), 'too_many_columns', /10001 columns/],
  ])('with %s are refused with a code of their own', async (_, text, code, message) => {
    const work = run(text);
    await expect(work).rejects.toMatchObject({ kind: 'invalid', code: `data_sources.${code}` });
    await expect(work).rejects.toThrow(message);
  });

  it('may have a very long line and very deep values', async () => {
    const deep = '['.repeat(1000) + ']'.repeat(1000);
    const { rows } = await run(`{"a":${deep},"b":"${'\\u0041'.repeat(900_000)}"}`);
    expect(rows[0]?.[0]).toBe(deep);
    expect(rows[0]?.[1]).toHaveLength(900_000);
  });
});

function keys(count: number): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1])));
}
