import { describe, expect, it } from 'vitest';
import { narrowToBrain, narrowToHalf, widenBrain, widenHalf } from './half-floats.js';

const everyPattern = Uint16Array.from({ length: 65_536 }, (_, pattern) => pattern);

/** The same value in binary64 arithmetic, straight from the definition. */
function halfValue(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >>> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('half precision', () => {
  it('widens each of its 65 536 patterns to the exact value', () => {
    expect([...widenHalf(everyPattern)]).toEqual([...everyPattern].map(halfValue));
  });

  it('comes back from the wider type unchanged', () => {
    const back = narrowToHalf(widenHalf(everyPattern));
    const values = [...everyPattern].map(halfValue);
    const changed = values.filter((value, i) => !Object.is(value, halfValue(back[i] ?? 0)));
    expect(changed).toEqual([]);
  });

  it.each([
    [2049, 2048],
    [2051, 2052],
    [65_519, 65_504],
    [65_520, Infinity],
    [-1e9, -Infinity],
    [2 ** -25, 0],
    [2 ** -25 * 1.001, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [2 ** -14 - 2 ** -26, 2 ** -14],
  ])('rounds %d to nearest even, %d', (value, rounded) => {
    expect(widenHalf(narrowToHalf(Float32Array.of(value)))[0]).toBe(rounded);
  });
});

describe('bfloat16', () => {
  it('widens each pattern to the float whose upper half it is, and comes back unchanged', () => {
    const wide = widenBrain(everyPattern);
    expect(wide[0x3f80]).toBe(1);
    expect(wide[0xc049]).toBe(-3.140625);
    const again = widenBrain(narrowToBrain(wide));
    expect(wide.filter((value, i) => !Object.is(value, again[i]))).toHaveLength(0);
  });

  it.each([
    [1 + 2 ** -8, 1],
    [1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
    [3.4028234663852886e38, Infinity],
  ])('rounds %d to nearest even, %d', (value, rounded) => {
    expect(widenBrain(narrowToBrain(Float32Array.of(value)))[0]).toBe(rounded);
  });
});
