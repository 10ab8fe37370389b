import { createHash } from 'node:crypto';
import { manifestDigest } from '@aimass/platform-blobs';
import { fittedTransforms } from '../recipes/recipe.js';
import type { Recipe } from '../recipes/recipe.js';

/**
 * The digest of everything a split of a version depends on: the snapshot, and the transforms that the split fits, if
 * there are any. Whatever else the recipe says is in the snapshot already.
 */
export function versionDigest(snapshotSha256: string, recipe: Recipe): string {
  const snapshot = { path: 'snapshot.parquet', sha256: snapshotSha256 };
  const fitted = fittedTransforms(recipe);
  if (fitted.length === 0) return manifestDigest([snapshot]);
  const sha256 = createHash('sha256').update(canonicalJson(fitted)).digest('hex');
  return manifestDigest([{ path: 'fitted-transforms.json', sha256 }, snapshot]);
}

/** JSON whose keys are sorted, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
