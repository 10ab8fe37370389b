import { isFitted, recipeSchema } from '@aimass/contracts';
import type { Recipe, Transform } from '@aimass/contracts';
import { recipeInvalid } from './recipes.errors.js';

export type { Recipe, Transform };

/** A longer recipe is refused. */
const MAX_RECIPE_CHARACTERS = 1_000_000;
/** More is wrong than anybody reads. */
const MAX_VIOLATIONS = 20;

/** Reads a recipe from JSON; empty text is the empty recipe. Throws `recipe_invalid` with every violation. */
export function parseRecipe(json: string): Recipe {
  if (json === '') return {};
  if (json.length > MAX_RECIPE_CHARACTERS) {
    throw recipeInvalid([
      { path: 'recipe', message: `must have at most ${MAX_RECIPE_CHARACTERS} characters` },
    ]);
  }
  const result = recipeSchema.safeParse(parseJson(json));
  if (result.success) {
    assertStorable(result.data, 'recipe');
    return result.data;
  }
  const violations = result.error.issues.map(({ path, message }) => ({
    path: ['recipe', ...path].join('.'),
    message,
  }));
  throw recipeInvalid(violations.slice(0, MAX_VIOLATIONS));
}

/** The steps that a split fits on train, in order. */
export function fittedTransforms(recipe: Recipe): readonly Transform[] {
  return (recipe.transforms ?? []).filter(isFitted);
}

/** The steps that a split fits on train, in order, with their places in the recipe. */
export function fittedSteps(recipe: Recipe): { readonly step: Transform; readonly path: string }[] {
  return (recipe.transforms ?? []).flatMap((step, index) =>
    isFitted(step) ? [{ step, path: `recipe.transforms.${index}` }] : [],
  );
}

/** The steps that apply when a version is imported, in order. */
export function rowTransforms(recipe: Recipe): readonly Transform[] {
  return (recipe.transforms ?? []).filter((step) => !isFitted(step));
}

/** Postgres refuses U+0000 and half characters, and DuckDB takes the former for the end of a statement. */
function assertStorable(value: unknown, path: string): void {
  if (typeof value === 'string' && /[\0\p{Cs}]/u.test(value)) {
    throw recipeInvalid([{ path, message: 'must not hold U+0000 or half a surrogate pair' }]);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    assertStorable(key, path);
    assertStorable(inner, `${path}.${key}`);
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw recipeInvalid([{ path: 'recipe', message: `is not JSON: ${String(error)}` }]);
  }
}
