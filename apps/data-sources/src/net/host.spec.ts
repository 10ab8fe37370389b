import { describe, expect, it } from 'vitest';
import { checkedHost } from './host.js';

describe('checkedHost', () => {
  it.each([
    ['Data.Example.COM', 'data.example.com'],
    ['data.example.com.', 'data.example.com'],
    ['my_service', 'my_service'],
    ['3.example', '3.example'],
    ['93.184.216.34', '93.184.216.34'],
    ['[2606:2800::1]', '2606:2800::1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
  ])('takes %s for one host', (text, host) => {
    expect(checkedHost(text)).toBe(host);
  });

  it.each([
    '2130706433',
    '0x7f.1',
    '017700000001',
    '127.1',
    '0177.0.0.1',
    '0x7f000001',
    '127.0.0.1.',
    '1.2.3.4.5',
  ])('refuses %s, which hides an address', (text) => {
    expect(() => checkedHost(text)).toThrow(
      expect.objectContaining({ code: 'data_sources.blocked_address' }),
    );
  });

  it.each([
    '',
    '.',
    '/var/run/postgresql',
    '@abstract',
    'a.example,127.0.0.1',
    'a.example:5432',
    'a..example',
    '-a.example',
    'a.example/',
    'a b',
    'a\u0000.example',
    'b\u00fccher.example',
    '127.0.0.1%2f',
    'fe80::1%eth0',
    '[127.0.0.1]',
    '[::1',
    'x'.repeat(254),
  ])('refuses %j, which is no host', (text) => {
    expect(() => checkedHost(text)).toThrow(expect.objectContaining({ code: 'data_sources.host_refused' }));
  });
});
