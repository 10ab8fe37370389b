import { describe, expect, it } from 'vitest';
import { predecessorsOf } from './predecessors.js';
import type { Swap, SwappedVariant } from './predecessors.js';

const variant = (name: string, modelVersionId: string, weight = 1): SwappedVariant => ({
  name,
  modelVersionId,
  weight,
  predecessors: [],
});
const swap = (...before: SwappedVariant[]): Swap => ({ before, nowMs: 1_000, untilMs: 61_000 });
const ids = (variants: readonly SwappedVariant[], before: Swap): string[][] =>
  variants.map((one) => predecessorsOf(one, variants, before).map(({ modelVersionId }) => modelVersionId));

describe('the versions that answer until a new one is ready', () => {
  it('are that of the variant of the same name, whatever its weight, and none for a variant that is added', () => {
    const before = swap(variant('main', 'mv_1', 80), variant('canary', 'mv_2', 0));
    const after = [variant('main', 'mv_3'), variant('canary', 'mv_4'), variant('third', 'mv_5')];
    expect(ids(after, before)).toEqual([['mv_1'], ['mv_2'], []]);
  });

  it('are those of variants that are gone when the name is new, the largest share first', () => {
    const before = swap(variant('v1', 'mv_1', 20), variant('v2', 'mv_2', 80), variant('v3', 'mv_3', 0));
    expect(ids([variant('v4', 'mv_4')], before)).toEqual([['mv_2', 'mv_1']]);
    expect(ids([variant('v4', 'mv_4'), variant('v1', 'mv_1')], before)).toEqual([['mv_2'], []]);
  });

  it('are remembered over swaps that overtake each other, each until its own time is up', () => {
    const second = { ...variant('main', 'mv_2'), predecessors: [{ modelVersionId: 'mv_1', untilMs: 900 }] };
    expect(ids([variant('main', 'mv_3')], swap(second))).toEqual([['mv_2']]);
    const recent = { ...second, predecessors: [{ modelVersionId: 'mv_1', untilMs: 2_000 }] };
    expect(ids([variant('main', 'mv_3')], swap(recent))).toEqual([['mv_2', 'mv_1']]);
  });

  it('stay when the snapshot changes elsewhere, with the time they had, and never name the version itself', () => {
    const kept = { ...variant('main', 'mv_2'), predecessors: [{ modelVersionId: 'mv_1', untilMs: 5_000 }] };
    expect(predecessorsOf(variant('main', 'mv_2'), [kept], swap(kept))).toEqual(kept.predecessors);
    expect(ids([variant('main', 'mv_1')], swap(kept))).toEqual([['mv_2']]);
  });
});
