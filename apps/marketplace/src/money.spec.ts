import { describe, expect, it } from 'vitest';
import { fitsNano, times, unitPriceViolations } from './money.js';

describe('times', () => {
  it.each([
    ['0', 7, '0'],
    ['1500000', 1, '1500000'],
    ['1500000', 3, '4500000'],
    // Beyond 2^53, where a float would round.
    ['9007199254740', 1001, '9016206453994740'],
    ['999999999999999', 9223, '9222999999999990777'],
    ['1000000000000000', 9223, '9223000000000000000'],
  ])('%s nano × %i is exactly %s', (nano, quantity, amount) => {
    expect(times({ currency: 'EUR', nano }, quantity)).toEqual({ currency: 'EUR', nano: amount });
  });

  it('is null rather than wrapped when the amount exceeds 64 bits', () => {
    expect(times({ currency: 'USD', nano: '1000000000000000' }, 9224)).toBeNull();
    expect(times({ currency: 'USD', nano: '1000000000000000' }, 4_294_967_295)).toBeNull();
  });

  it('fills 64 bits to the last one', () => {
    expect(fitsNano(2n ** 63n - 1n)).toBe(true);
    expect(fitsNano(2n ** 63n)).toBe(false);
    expect(fitsNano(-1n)).toBe(false);
  });
});

describe('unitPriceViolations', () => {
  it.each(['0', '1', '1000000000000000'])('accepts %s nano', (nano) => {
    expect(unitPriceViolations('unitPrice', { currency: 'USD', nano })).toEqual([]);
  });

  it.each(['-1', '1000000000000001', '9223372036854775807', '1.5', '1e3', '', '+1'])(
    'refuses %j nano',
    (nano) => {
      const violations = unitPriceViolations('unitPrice', { currency: 'USD', nano });
      expect(violations.map((violation) => violation.path)).toEqual(['unitPrice.nano']);
    },
  );

  it.each(['', 'usd', 'US', 'USDT', 'U$D', 'USD\n'])('refuses the currency %j', (currency) => {
    const violations = unitPriceViolations('unitPrice', { currency, nano: '1' });
    expect(violations.map((violation) => violation.path)).toEqual(['unitPrice.currency']);
  });

  it('tells everything that is wrong at once, and that the price is missing', () => {
    expect(unitPriceViolations('unitPrice', { currency: '', nano: '-1' })).toHaveLength(2);
    expect(unitPriceViolations('unitPrice', undefined)).toHaveLength(1);
  });
});
