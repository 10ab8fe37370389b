import { describe, expect, it } from 'vitest';
import { parseAllowList } from './allow-list.js';

describe('parseAllowList', () => {
  it('permits nothing when it is empty', () => {
    for (const text of ['', ' ', ',']) {
      expect(parseAllowList(text).permits('localhost', '127.0.0.1', 80)).toBe(false);
    }
  });

  it('permits the addresses of a network, and no others', () => {
    const list = parseAllowList('10.1.0.0/16, fd00::/8');
    expect(list.permits('a', '10.1.2.3', 80)).toBe(true);
    expect(list.permits('a', 'fd12::1', 80)).toBe(true);
    expect(list.permits('a', '10.2.0.1', 80)).toBe(false);
    expect(list.permits('a', 'fe80::1', 80)).toBe(false);
  });

  it('permits an address or a host at any port, or at the one that is named', () => {
    const list = parseAllowList('10.0.0.7:9000,10.0.0.8,[::1]:9000,MinIO.internal:9000,db');
    expect(list.permits('a', '10.0.0.7', 9000)).toBe(true);
    expect(list.permits('a', '10.0.0.7', 5432)).toBe(false);
    expect(list.permits('a', '10.0.0.8', 5432)).toBe(true);
    expect(list.permits('a', '::1', 9000)).toBe(true);
    expect(list.permits('a', '::1', 9001)).toBe(false);
    expect(list.permits('minio.internal', '172.16.0.1', 9000)).toBe(true);
    expect(list.permits('minio.internal', '172.16.0.1', 9001)).toBe(false);
    expect(list.permits('db', '172.16.0.2', 5432)).toBe(true);
    expect(list.permits('sub.db', '172.16.0.2', 5432)).toBe(false);
  });

  it('sees an IPv4 address through its mapped form', () => {
    expect(parseAllowList('10.0.0.0/8').permits('a', '::ffff:10.0.0.1', 80)).toBe(true);
    expect(parseAllowList('10.0.0.0/8').permits('a', '::ffff:11.0.0.1', 80)).toBe(false);
  });

  it.each([
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '10.0.0.0/8:80',
    'db/8',
    'db:0',
    'db:65536',
    '*',
    'http://db',
    '[db',
  ])('refuses %s', (text) => {
    expect(() => parseAllowList(`10.0.0.1,${text}`)).toThrow(`"${text}"`);
  });
});
