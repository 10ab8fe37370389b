import { describe, expect, it } from 'vitest';
import { WeightedChoice } from './weighted-choice.js';

const entries = (...weights: number[]) => weights.map((weight, index) => ({ name: String(index), weight }));

function count(
  choice: WeightedChoice<{ name: string; weight: number }>,
  picks: number,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let pick = 0; pick < picks; pick++) {
    const { name } = choice.next();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('WeightedChoice', () => {
  it('splits 80/20 over 500 picks as 400/100', () => {
    expect(count(new WeightedChoice(entries(80, 20)), 500)).toEqual({ 0: 400, 1: 100 });
  });

  it('interleaves within a cycle rather than sending bursts', () => {
    const choice = new WeightedChoice(entries(4, 1));
    expect(Array.from({ length: 5 }, () => choice.next().name)).toEqual(['0', '0', '1', '0', '0']);
  });

  it('never picks an entry of weight 0 beside one that has a weight, wherever it stands', () => {
    expect(count(new WeightedChoice(entries(0, 3, 0)), 30)).toEqual({ 1: 30 });
  });

  it('still picks something when every weight is 0', () => {
    expect(count(new WeightedChoice(entries(0, 0)), 3)).toEqual({ 0: 3 });
  });

  it('goes on in the cycle when the weights stayed, and starts anew when they changed', () => {
    const first = new WeightedChoice(entries(2, 1));
    first.next();
    const same = new WeightedChoice(entries(2, 1));
    same.continueFrom(first);
    expect(same.next().name).toBe('1');
    const other = new WeightedChoice(entries(1, 1));
    other.continueFrom(first);
    expect(other.next().name).toBe('0');
  });
});
