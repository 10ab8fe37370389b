import { describe, expect, it } from 'vitest';
import { fromBf16Bits, fromFp16Bits, toBf16Bits, toFp16Bits } from './half-floats.js';

const every = Array.from({ length: 0x10000 }, (_, bits) => bits);

describe.each([
  ['FP16', toFp16Bits, fromFp16Bits],
  ['BF16', toBf16Bits, fromBf16Bits],
] as const)('%s', (_, toBits, fromBits) => {
  it('of every bit pattern is the number that rounds back to it', () => {
    const wrong = every.filter((bits) => {
      const value = fromBits(bits);
      return Number.isNaN(value) ? !Number.isNaN(fromBits(toBits(value))) : toBits(value) !== bits;
    });
    expect(wrong).toEqual([]);
  });

  it('rounds what lies between two to the nearer one, and the middle to the even one', () => {
    const wrong = every.filter((bits) => {
      const [low, high] = [fromBits(bits), fromBits(bits + 1)];
      if (!Number.isFinite(low) || !Number.isFinite(high) || bits === 0x7fff) return false;
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const nearer = [toBits(middle + (low - middle) / 1024), toBits(middle + (high - middle) / 1024)];
      return toBits(middle) !== even || nearer[0] !== bits || nearer[1] !== bits + 1;
    });
    expect(wrong).toEqual([]);
  });
});

it('are known constants', () => {
  expect(toFp16Bits(65504)).toBe(0x7bff);
  expect(toFp16Bits(65519.99)).toBe(0x7bff);
  expect(toFp16Bits(65520)).toBe(0x7c00);
  expect(toFp16Bits(-Infinity)).toBe(0xfc00);
  expect(toFp16Bits(2 ** -25)).toBe(0);
  expect(toFp16Bits(-0)).toBe(0x8000);
  expect(toBf16Bits(1)).toBe(0x3f80);
  expect(fromBf16Bits(0x4049)).toBe(3.140625);
  // Rounded to 32 bits first, this would be a tie and come out one lower.
  expect(toBf16Bits(1 + 2 ** -8 + 2 ** -40)).toBe(0x3f81);
});
