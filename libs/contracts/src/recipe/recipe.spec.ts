import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MAX_FILTER_DEPTH } from './filter.js';
import { isFitted, recipeSchema } from './recipe.js';

const issues = (recipe: unknown): string[] =>
  (recipeSchema.safeParse(recipe).error?.issues ?? []).map(
    (issue) => `${issue.path.join('.')}: ${issue.message}`,
  );
const filter = (expression: unknown) => ({ transforms: [{ filter: expression }] });
const condition = { column: 'x', op: '>=', value: 3 };

function nested(depth: number): unknown {
  let expression: unknown = condition;
  for (let level = 0; level < depth; level++) expression = { and: [expression] };
  return expression;
}

describe('a recipe', () => {
  it('may be empty, and keeps what it says as it is', () => {
    expect(recipeSchema.parse({})).toEqual({});
    const recipe = {
      version: 1,
      format: 'csv',
      csv: { delimiter: ';', encoding: 'latin1', quote: "'", decimal: ',', thousands: '.', header: false },
      columns: [{ name: 'when', type: 'date', format: '%d.%m.%Y', nullValues: ['-', ''] }],
      target: 'y',
      transforms: [
        { select: ['x', 'y'] },
        { drop: ['z'] },
        { rename: { x: 'a' } },
        { filter: { or: [condition, { not: { column: 'y', op: 'isNull' } }] } },
        { filter: { column: 'x', op: 'in', values: ['a', 1, true] } },
        { cast: { a: 'double' } },
        { fill: { a: 0, b: { value: 'mean' } } },
        { fill: { a: 'median' } },
        { oneHot: { columns: ['c'], maxCategories: 20 } },
        { standardize: { columns: ['a'] } },
      ],
    };
    expect(recipeSchema.parse(recipe)).toEqual(recipe);
  });

  it.each([
    ['an unknown property', { formats: 'csv' }],
    ['an unknown format', { format: 'xlsx' }],
    ['another version', { version: 2 }],
    ['a delimiter of two characters', { csv: { delimiter: '||' } }],
    ['a step that does two things', { transforms: [{ select: ['a'], drop: ['b'] }] }],
    ['a step without columns', { transforms: [{ cast: {} }] }],
    ['SQL as a filter', filter('x > 3')],
    ['a column named twice', { columns: [{ name: 'a' }, { name: 'a' }] }],
    ['a number that is none', { transforms: [{ fill: { a: Number.NaN } }] }],
  ])('refuses %s', (_, recipe) => {
    expect(issues(recipe)).not.toEqual([]);
  });

  it('refuses a filter that is no expression and says where', () => {
    const wrong = filter({ and: [condition, { or: [{ column: 'x', op: '~', value: 1 }] }] });
    expect(issues(wrong)[0]).toMatch(/^transforms\.0.*and\.1\.or\.0\.op|^transforms\.0/);
    expect(issues(filter({ and: [] }))).not.toEqual([]);
    expect(issues(filter({ not: [condition] }))).not.toEqual([]);
    expect(issues(filter({ and: condition }))).not.toEqual([]);
    expect(issues(filter({ column: 'x', op: 'in', values: [] }))).not.toEqual([]);
  });

  it('refuses a filter nested too deep without going down into it', () => {
    expect(issues(filter(nested(MAX_FILTER_DEPTH)))).toEqual([]);
    expect(issues(filter(nested(MAX_FILTER_DEPTH + 1)))).not.toEqual([]);
    expect(issues(filter(nested(50_000)))).not.toEqual([]);
  });

  it('refuses a step from row to row after one that is fitted on train', () => {
    const late = { transforms: [{ standardize: { columns: ['a'] } }, { drop: ['a'] }] };
    expect(issues(late)).toEqual([expect.stringMatching(/^transforms\.1: must come before/)]);
  });

  it('knows which steps learn from train', () => {
    const fitted = [{ fill: { a: 'mean', b: 1 } }, { oneHot: { columns: ['a'] } }];
    const plain = [{ fill: { a: { value: 'mean' } } }, { fill: { a: 'x' } }, { drop: ['a'] }];
    for (const step of fitted) expect(isFitted(step)).toBe(true);
    for (const step of plain) expect(isFitted(step)).toBe(false);
  });

  it('can be told in an API document without a reference to itself', () => {
    expect(JSON.stringify(z.toJSONSchema(recipeSchema, { io: 'input' }))).not.toContain('$ref');
  });
});
