import { describe, expect, it } from 'vitest';
import { runFormat } from '../../test/support/format-run.js';
import { JsonlFormat } from './jsonl/jsonl.format.js';

const run = (lines: object[], columns: object[]) =>
  runFormat(
    new JsonlFormat(),
    { 'a.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') },
    JSON.stringify({ columns }),
  );

describe('columns that a recipe describes', () => {
  it('get the type, the form of dates and the missing values that it says', async () => {
    const { table, rows } = await run(
      [
        { id: '007', day: '31.12.2024', count: 5, note: 'n/a', rest: '1' },
        { id: '8', day: null, count: -1, note: 'x', rest: '2' },
      ],
      [
        { name: 'id', type: 'integer' },
        { name: 'day', format: '%d.%m.%Y' },
        { name: 'count', type: 'double', nullValues: ['-1'] },
        { name: 'note', nullValues: ['n/a', "'"] },
      ],
    );
    expect(table.columns).toEqual([
      { name: 'id', kind: 'BIGINT' },
      { name: 'day', kind: 'DATE' },
      { name: 'count', kind: 'DOUBLE' },
      { name: 'note', kind: 'VARCHAR' },
      { name: 'rest', kind: 'VARCHAR' },
    ]);
    expect(rows).toEqual([
      ['7', '2024-12-31', 5, null, '1'],
      ['8', null, null, 'x', '2'],
    ]);
  });

  it.each([
    [[{ name: 'b', type: 'integer' }], 'column_unknown', /"b"/],
    [[{ name: 'a', type: 'integer' }], 'column_value_invalid', /Row 2 has "x" in column "a"/],
    [[{ name: 't', type: 'boolean' }], 'column_type_unsupported', /"t" as boolean/],
  ])('are refused as %j with what to correct', async (columns, code, message) => {
    const work = run([{ a: '1', t: '2020-01-01' }, { a: 'x' }], columns);
    await expect(work).rejects.toMatchObject({ code: `data_sources.${code}`, kind: 'invalid' });
    await expect(work).rejects.toThrow(message);
  });
});
