import { describe, expect, it } from 'vitest';
import { fittedTransforms, parseRecipe, rowTransforms } from './recipe.js';

describe('parseRecipe', () => {
  it('reads the empty text as the empty recipe', () => {
    expect(parseRecipe('')).toEqual({});
    expect(parseRecipe('{"format":"csv"}')).toEqual({ format: 'csv' });
  });

  it('refuses what is no recipe with the place of each violation', () => {
    const refused = (json: string) => {
      try {
        return parseRecipe(json);
      } catch (error) {
        return error;
      }
    };
    expect(refused('{')).toMatchObject({ kind: 'invalid', code: 'data_sources.recipe_invalid' });
    expect(refused('{"csv":{"header":1},"target":""}')).toMatchObject({
      violations: [{ path: 'recipe.csv.header' }, { path: 'recipe.target' }],
    });
    expect(refused(' '.repeat(1_000_001))).toMatchObject({ code: 'data_sources.recipe_invalid' });
    expect(refused('['.repeat(900_000))).toMatchObject({ code: 'data_sources.recipe_invalid' });
  });
});

it('refuses texts that the database cannot store', () => {
  for (const text of ['a\\u0000', '\\ud800']) {
    expect(() => parseRecipe(`{"target":"${text}"}`)).toThrow(/recipe.target: must not hold/);
    expect(() => parseRecipe(`{"transforms":[{"rename":{"${text}":"b"}}]}`)).toThrow(/must not hold/);
  }
});

it('tells the steps of the import from those of a split', () => {
  const recipe = parseRecipe('{"transforms":[{"drop":["a"]},{"fill":{"b":"mean"}}]}');
  expect(rowTransforms(recipe)).toEqual([{ drop: ['a'] }]);
  expect(fittedTransforms(recipe)).toEqual([{ fill: { b: 'mean' } }]);
});
