import { describe, expect, it } from 'vitest';
import { namesTag, requestedRange } from './byte-range.js';

describe('requestedRange', () => {
  it.each([
    ['bytes=0-99', { start: 0, end: 100 }],
    ['bytes=900-', { start: 900, end: 1000 }],
    ['bytes=-100', { start: 900, end: 1000 }],
    ['bytes=-5000', { start: 0, end: 1000 }],
    ['bytes=999-5000', { start: 999, end: 1000 }],
    ['BYTES=1-1', { start: 1, end: 2 }],
  ])('%s is %j of 1000 bytes', (header, range) => {
    expect(requestedRange(header, 1000)).toEqual(range);
  });

  it.each(['bytes=1000-', 'bytes=-0', 'bytes=5000-6000'])('%s is not there', (header) => {
    expect(requestedRange(header, 1000)).toBe('unsatisfiable');
  });

  it.each([
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,4-5',
    'rows=0-5',
    'bytes=0x1-2',
    'bytes=1e3-',
  ])('%s is the whole file', (header) => {
    expect(requestedRange(header, 1000)).toBeNull();
  });
});

describe('namesTag', () => {
  it('finds a tag in a list, weak or strong, and anything in *', () => {
    expect(namesTag('"a", W/"b"', '"b"')).toBe(true);
    expect(namesTag('"b"', 'W/"b"')).toBe(true);
    expect(namesTag('*', '"b"')).toBe(true);
    expect(namesTag('"a"', '"b"')).toBe(false);
    expect(namesTag(undefined, '"b"')).toBe(false);
  });
});
