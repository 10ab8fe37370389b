import type { Predecessor } from '../replicas/pending-call.js';

/** More versions than this are not remembered: a swap that overtakes that many others is not waited for. */
const MAX_PREDECESSORS = 8;

/** A variant as far as swaps are concerned. */
export interface SwappedVariant {
  readonly name: string;
  readonly modelVersionId: string;
  readonly weight: number;
  readonly predecessors: readonly Predecessor[];
}

/** What a route's variants are compared with. Times are of the monotonic clock. */
export interface Swap {
  readonly before: readonly SwappedVariant[];
  readonly nowMs: number;
  /** When a version that is replaced now stops to answer for the new one. */
  readonly untilMs: number;
}

/** A variant of the new snapshot. */
type NewVariant = Pick<SwappedVariant, 'name' | 'modelVersionId'>;

/**
 * The versions that may answer for a variant until its own is ready: that of the variant with the same name before,
 * else those of variants that are gone (a version that is named after its number comes as another variant), the largest
 * share first; and what could answer for those in turn, since they may not have become ready yet.
 */
export function predecessorsOf(
  variant: NewVariant,
  variants: readonly NewVariant[],
  swap: Swap,
): Predecessor[] {
  const found = new Map<string, Predecessor>();
  for (const before of replacedBy(variant, variants, swap.before)) {
    const itself = { modelVersionId: before.modelVersionId, untilMs: swap.untilMs };
    const isSame = before.modelVersionId === variant.modelVersionId;
    for (const predecessor of isSame ? before.predecessors : [itself, ...before.predecessors]) {
      const { modelVersionId, untilMs } = predecessor;
      if (modelVersionId === variant.modelVersionId || untilMs <= swap.nowMs) continue;
      if (!found.has(modelVersionId)) found.set(modelVersionId, predecessor);
    }
  }
  return [...found.values()].slice(0, MAX_PREDECESSORS);
}

function replacedBy(
  variant: NewVariant,
  variants: readonly NewVariant[],
  before: readonly SwappedVariant[],
): readonly SwappedVariant[] {
  const namesake = before.find(({ name }) => name === variant.name);
  if (namesake !== undefined) return [namesake];
  const gone = before.filter(
    ({ name, weight }) => weight > 0 && !variants.some((kept) => kept.name === name),
  );
  return gone.sort((a, b) => b.weight - a.weight);
}
