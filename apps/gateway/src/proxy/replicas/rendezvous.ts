import { createHash } from 'node:crypto';

/**
 * The entry that a key belongs to by highest random weight: everybody who knows the same entries picks the same one,
 * and when an entry goes, only its keys move. Undefined without entries.
 */
export function rendezvous<T extends { readonly id: string }>(
  key: string,
  entries: readonly T[],
): T | undefined {
  let best: T | undefined;
  let bestWeight = -1;
  for (const entry of entries) {
    const weight = weightOf(key, entry.id);
    if (weight <= bestWeight) continue;
    best = entry;
    bestWeight = weight;
  }
  return best;
}

function weightOf(key: string, id: string): number {
  return createHash('sha256').update(key).update('\0').update(id).digest().readUIntBE(0, 6);
}
