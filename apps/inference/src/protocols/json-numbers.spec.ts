import { describe, expect, it } from 'vitest';
import { JsonNumbers } from './json-numbers.js';

function read(text: string, isFp32 = false): number {
  const numbers = new JsonNumbers(Buffer.from(text), isFp32);
  const value = numbers.read();
  return numbers.at === text.length ? value : Number.NaN;
}

/** A generator that gives the same numbers in every run. */
function randomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

const written = [
  '0',
  '-0',
  '1',
  '-1.5',
  '10',
  '0.1',
  '1e2',
  '1E-2',
  '1.25e+3',
  '123456789012345678901234567890',
];
const edges = [
  '5e-324',
  '2.2250738585072011e-308',
  '1.7976931348623157e308',
  '9007199254740993',
  '0.000001e6',
];

describe('a JSON number', () => {
  it.each([...written, ...edges])('is read as JSON.parse reads it: %s', (text) => {
    expect(read(text)).toBe(JSON.parse(text));
  });

  it('is read as JSON.parse reads it, whatever double it is', () => {
    const double = new Float64Array(1);
    const words = new Uint32Array(double.buffer);
    const next = randomBits(1);
    for (let i = 0; i < 20_000; i++) {
      words.set([next(), next()]);
      const [value = 0] = double;
      if (!Number.isFinite(value)) continue;
      for (const text of [String(value), value.toExponential(20), value.toPrecision(12)]) {
        if (!Object.is(read(text), JSON.parse(text))) expect(`${text} → ${read(text)}`).toBe(text);
      }
    }
  });

  it('gives the same 32-bit float as JSON.parse, whatever float it is near to', () => {
    const float = new Float32Array(1);
    const words = new Uint32Array(float.buffer);
    const next = randomBits(2);
    for (let i = 0; i < 20_000; i++) {
      words[0] = next();
      const [value = 0] = float;
      if (!Number.isFinite(value)) continue;
      words[0] += 1;
      const middle = (value + (float[0] ?? 0)) / 2;
      // The float as a double, and the middle between it and the next: a little off, exact, and off the other way.
      const near = [String(value), ...[-1, 0, 1].map((step) => String(middle + step * middle * 2 ** -52))];
      for (const text of near.filter((each) => Number.isFinite(Number(each)))) {
        const expected = Math.fround(Number(text));
        if (!Object.is(Math.fround(read(text, true)), expected)) expect(text).toBe(expected);
      }
    }
  });

  it.each([
    '',
    '-',
    '+1',
    '.5',
    '1.',
    '01',
    '-01',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1_0',
    '1 ',
  ])('is not: %j', (text) => {
    expect(read(text)).toBeNaN();
  });

  it('that is too large is infinite, for the range check to refuse', () => {
    expect(read('1e400')).toBe(Infinity);
    expect(read(`-1e${'9'.repeat(1000)}`)).toBe(-Infinity);
    expect(read('9'.repeat(400))).toBe(Infinity);
  });
});
