import { describe, expect, it } from 'vitest';
import { bearerOf, checkContentType, jsonLengthOf, priorityOf, timeoutOf } from './request-headers.js';

describe('request headers', () => {
  it.each([
    ['Bearer am_x', 'am_x'],
    ['bearer  am_x ', 'am_x'],
    ['  Bearer am_x', 'am_x'],
    [' \tBearer am_x ', 'am_x'],
    ['Bearer am_x am_y', undefined],
    ['Basic abc', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    [undefined, undefined],
  ])('read the key from %j', (authorization, key) => {
    expect(bearerOf(authorization)).toBe(key);
  });

  it('cap the deadline that a caller asks for', () => {
    expect(timeoutOf(undefined, 30_000)).toBe(30_000);
    expect(timeoutOf('500', 30_000)).toBe(500);
    expect(timeoutOf('99999', 30_000)).toBe(30_000);
    expect(() => timeoutOf('0', 30_000)).toThrow(/1 or more/);
    expect(() => timeoutOf('soon', 30_000)).toThrow(/whole number/);
  });

  it('take a priority of 1 to 9 only', () => {
    expect(priorityOf(undefined)).toBe(0);
    expect(priorityOf('1')).toBe(1);
    expect(priorityOf('9')).toBe(9);
    for (const given of ['0', '10', '-1', 'high', ['1', '2']])
      expect(() => priorityOf(given)).toThrow(/1 \(first\)/);
  });

  it('take the length of the JSON before raw tensors only when it fits the body', () => {
    expect(jsonLengthOf({}, 10)).toBeUndefined();
    expect(jsonLengthOf({ 'inference-header-content-length': '10' }, 10)).toBe(10);
    expect(jsonLengthOf({ 'inference-header-content-length': '0' }, 10)).toBe(0);
    expect(() => jsonLengthOf({ 'inference-header-content-length': '11' }, 10)).toThrow(/0 to 10/);
    expect(() => jsonLengthOf({ 'inference-header-content-length': '-1' }, 10)).toThrow();
  });

  it.each([
    undefined,
    '',
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'application/vnd.kserve.v2+json',
    'text/plain;charset=UTF-8',
  ])('accept Content-Type %j', (type) => {
    expect(() => checkContentType(type === undefined ? {} : { 'content-type': type })).not.toThrow();
  });

  it.each([{ 'content-type': 'text/csv' }, { 'content-encoding': 'gzip' }])('refuse %j', (headers) => {
    expect(() => checkContentType(headers)).toThrow(/is not understood/);
  });

  it.each([
    ['Authorization', (text: string) => bearerOf(text), 'bearer ' + ' '.repeat(100_000) + 'x '],
    ['Authorization without end', (text: string) => bearerOf(text), 'Bearer ' + 'a '.repeat(50_000)],
    [
      'Content-Type',
      (text: string) => checkContentType({ 'content-type': text }),
      'application/' + 'a.'.repeat(50_000),
    ],
    [
      'Content-Type of spaces',
      (text: string) => checkContentType({ 'content-type': text }),
      ' '.repeat(100_000) + '!',
    ],
    ['x-request-timeout-ms', (text: string) => timeoutOf(text, 1), '9'.repeat(100_000)],
    ['x-request-priority', (text: string) => priorityOf(text), '1'.repeat(100_000)],
  ])('of 100 kB that are made to stall a regular expression take no time: %s', (_name, read, text) => {
    const startedMs = performance.now();
    try {
      read(text);
    } catch {
      // Refused or not: what counts is how long it took.
    }
    expect(performance.now() - startedMs).toBeLessThan(50);
  });
});
