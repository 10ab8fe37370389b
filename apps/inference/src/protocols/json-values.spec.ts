import { describe, expect, it } from 'vitest';
import type { Datatype, TensorArray } from '../tensors/datatype.js';
import { ByteWriter } from './byte-writer.js';
import { writeElements } from './json-values.js';

const out = new ByteWriter();

function write(datatype: Datatype, data: TensorArray): string {
  expect(writeElements(out, { datatype, data }, 0, data.length)).toBeUndefined();
  return out.finish().toString();
}

it.each<[Datatype, TensorArray, string]>([
  ['BOOL', Uint8Array.of(1, 0), 'true,false'],
  ['INT8', Int8Array.of(-128, 127, 0), '-128,127,0'],
  ['UINT32', Uint32Array.of(4294967295, 10, 99, 100), '4294967295,10,99,100'],
  ['INT64', BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n), '-9223372036854775808,9007199254740993'],
  ['UINT64', BigUint64Array.of(2n ** 64n - 1n), '18446744073709551615'],
  ['FP16', Uint16Array.of(0x3c00, 0x2e66, 0x8000), '1,0.0999755859375,-0'],
  ['BF16', Uint16Array.of(0x3f80, 0x3dcd), '1,0.10009765625'],
  [
    'FP32',
    Float32Array.of(0.1, -1.5, 1e-9, 3.4e38, -0),
    '0.1,-1.5,9.999999717180685e-10,3.3999999521443642e+38,-0',
  ],
  ['FP32', Float32Array.of(1e6, 999999.9375, 0.001, 1 / 3), '1000000,999999.94,0.001,0.33333334'],
  ['FP64', Float64Array.of(0.1, 1e21, 2 ** 53), '0.1,1e+21,9007199254740992'],
  ['BYTES', ['a"\n', Buffer.from('é'), '\u2028'], String.raw`"a\"\n","é","` + '\u2028"'],
])('%s elements are written as JSON', (datatype, data, json) => {
  expect(write(datatype, data)).toBe(json);
});

describe('32-bit floats', () => {
  it('read back as themselves, in no more digits than nine, whatever they are', () => {
    const float = new Float32Array(1);
    const words = new Uint32Array(float.buffer);
    let state = 7;
    for (let i = 0; i < 50_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      // Every other one of a size that models give.
      words[0] = i % 2 === 0 ? state : (state & 0x80ffffff) | (0x3a000000 + (i % 3) * 0x2000000);
      const [value = 0] = float;
      if (!Number.isFinite(value)) continue;
      const text = write('FP32', float);
      if (!Object.is(Math.fround(Number(text)), value)) expect(text).toBe(String(value));
      const size = Math.abs(value);
      if (size < 1e-3 || size >= 1e6) continue;
      expect(text.replace(/^-?0?\.?0*|\./g, '').length).toBeLessThanOrEqual(9);
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('that JSON does not have are told: %d', (value) => {
    expect(writeElements(out, { datatype: 'FP32', data: Float32Array.of(1, value) }, 0, 2)).toBe(
      'not finite',
    );
    expect(writeElements(out, { datatype: 'FP16', data: Uint16Array.of(0x7c00) }, 0, 1)).toBe('not finite');
    out.reset();
  });
});

it('bytes that are no text are told', () => {
  expect(writeElements(out, { datatype: 'BYTES', data: [Buffer.from([0xff])] }, 0, 1)).toBe('not text');
  out.reset();
});
