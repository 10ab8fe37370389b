import { describe, expect, it } from 'vitest';
import { fromRaw, toRaw } from './raw-tensor.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('raw bytes', () => {
  it('become a view when they are aligned and a copy when not, with the same elements', () => {
    const memory = Buffer.from(new ArrayBuffer(16));
    for (const at of [0, 4, 5]) {
      const bytes = memory.subarray(at, at + 8);
      bytes.writeFloatLE(1.5, 0);
      bytes.writeFloatLE(-2, 4);
      const values = fromRaw(bytes, 'FP32', 2) as Float32Array;
      expect(values).toEqual(Float32Array.of(1.5, -2));
      expect(values.buffer === memory.buffer).toBe(at % 4 === 0);
    }
  });

  it('of BYTES are lengths and bytes: text when it is UTF-8, else bytes', () => {
    expect(fromRaw(hex('03000000 61c3a9 00000000 01000000 ff'), 'BYTES', 3)).toEqual(['aé', '', hex('ff')]);
  });

  it.each<[string, string, number, RegExp]>([
    ['FP32', '00000000', 2, /has 4 bytes, 2 elements of FP32 need 8/],
    ['INT8', '0000', 1, /has 2 bytes, 1 elements of INT8 need 1/],
    ['BOOL', '0002', 2, /has the byte 2 at 1; BOOL takes 0 or 1/],
    ['BYTES', '00000000', 2, /too few for 2 elements/],
    ['BYTES', '', 1e15, /too few for 1000000000000000 elements/],
    ['BYTES', '01000000 61 000000', 2, /ends inside the length of element 1/],
    ['BYTES', 'ffffffff 61', 1, /ends inside element 0/],
    ['BYTES', '00000000 61', 1, /has 1 bytes after its last element/],
  ])(
    'that do not fit are refused with the reason: %s %s as %i elements',
    (datatype, bytes, count, reason) => {
      expect(fromRaw(hex(bytes), datatype as 'BYTES', count)).toMatch(reason);
    },
  );
});

describe('elements', () => {
  it('become a view of their bytes', () => {
    const data = Int16Array.of(1, 2, -1, 4);
    const raw = toRaw(data, 1, 3);
    expect(Buffer.from(raw).toString('hex')).toBe('0200ffff');
    expect(raw.buffer).toBe(data.buffer);
  });

  it('of BYTES get their lengths in front, in bytes and not in characters', () => {
    const raw = toRaw(['x', 'é', hex('ff00'), ''], 1, 4);
    expect(Buffer.from(raw).toString('hex')).toBe(
      hex('02000000 c3a9 02000000 ff00 00000000').toString('hex'),
    );
  });
});
