import { describe, expect, it } from 'vitest';
import { bearerOf, checkContentType, jsonLengthOf, timeoutOf } from './request-headers.js';

describe('request headers', () => {
  it.each([
    ['Bearer am_x', 'am_x'],
    ['bearer  am_x ', 'am_x'],
    ['Basic abc', undefined],
    ['Bearer', undefined],
    [undefined, undefined],
  ])('reads the key from %j', (authorization, key) => {
    expect(bearerOf({ authorization })).toBe(key);
  });

  it('caps the deadline that a caller asks for', () => {
    expect(timeoutOf({}, 30_000)).toBe(30_000);
    expect(timeoutOf({ 'x-request-timeout-ms': '500' }, 30_000)).toBe(500);
    expect(timeoutOf({ 'x-request-timeout-ms': '99999' }, 30_000)).toBe(30_000);
    expect(() => timeoutOf({ 'x-request-timeout-ms': '0' }, 30_000)).toThrow(/1 or more/);
    expect(() => timeoutOf({ 'x-request-timeout-ms': 'soon' }, 30_000)).toThrow(/whole number/);
  });

  it('takes the length of the JSON before raw tensors only when it fits the body', () => {
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
    'text/plain;charset=UTF-8',
  ])('accepts Content-Type %j', (type) => {
    expect(() => checkContentType(type === undefined ? {} : { 'content-type': type })).not.toThrow();
  });

  it.each([{ 'content-type': 'text/csv' }, { 'content-encoding': 'gzip' }])('refuses %j', (headers) => {
    expect(() => checkContentType(headers)).toThrow(/is not understood/);
  });
});
