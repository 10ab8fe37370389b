import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const recipeInvalid = (violations: readonly Violation[]) =>
  new DomainError(
    'invalid',
    'data_sources.recipe_invalid',
    `The recipe is not valid. ${violations.map(({ path, message }) => `${path}: ${message}`).join('; ')}.`,
    { violations },
  );
