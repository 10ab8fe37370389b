import { describe, expect, it } from 'vitest';
import { parseJson, writeJson } from './lossless-json.js';
import { firstDifference } from './match.js';

describe('JSON without loss', () => {
  it('keeps every digit of long integers, and leaves texts and fractions alone', () => {
    const text =
      '[18446744073709551615,-9223372036854775808,"12345678901234567890",0.12345678901234567,1e300]';
    expect(parseJson(text)).toEqual([
      18446744073709551615n,
      -9223372036854775808n,
      '12345678901234567890',
      0.12345678901234567,
      1e300,
    ]);
    expect(writeJson(parseJson('[18446744073709551615,"\\"1234567890123456"]'))).toBe(
      '[18446744073709551615,"\\"1234567890123456"]',
    );
  });
});

describe('the first difference', () => {
  it('lets objects hold more than is expected, and lists not', () => {
    expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toBeUndefined();
    expect(firstDifference([1], [1, 2])).toContain('answer has 2 elements instead of 1');
  });

  it('says where it is', () => {
    expect(firstDifference({ outputs: [{ name: 'y' }] }, { outputs: [{ name: 'z' }] })).toBe(
      'answer.outputs[0].name is "z" instead of "y"',
    );
  });

  it('finds a last digit of a long integer, and none in the rounding of FP32', () => {
    expect(firstDifference(9007199254740993n, 9007199254740992n)).toBeDefined();
    expect(firstDifference(9007199254740993n, 9007199254740992)).toBeDefined();
    expect(firstDifference(0.1, 0.10000000149011612)).toBeUndefined();
    expect(firstDifference(0.1, 0.1001)).toBeDefined();
    expect(firstDifference(2, 2.0000001)).toBeDefined();
  });

  it.each([
    ['$absent', undefined, 'text'],
    ['$present', '0', undefined],
    ['$text', 'a', ''],
    ['$string', '', 1],
    ['$list', [], {}],
    ['$positive', '12', '0'],
  ])('%s fits %j and not %j', (matcher, fits, fitsNot) => {
    expect(firstDifference(matcher, fits)).toBeUndefined();
    expect(firstDifference(matcher, fitsNot)).toBeDefined();
  });

  it('takes any of several, and parts of a list in any order', () => {
    expect(
      firstDifference({ $either: [{ ready: false }, { error: '$text' }] }, { error: 'no' }),
    ).toBeUndefined();
    expect(firstDifference({ $either: [1, 2] }, 3)).toBe('answer is 3 instead of 1');
    expect(firstDifference({ $includes: [{ a: 2 }, { a: 1 }] }, [{ a: 1 }, { a: 2 }])).toBeUndefined();
    expect(firstDifference({ $includes: [{ a: 3 }] }, [{ a: 1 }])).toContain('does not hold {"a":3}');
  });

  it('refuses a matcher that does not exist, so that no vector passes by a typing error', () => {
    expect(() => firstDifference('$txt', 'a')).toThrow('no matcher $txt');
  });
});
