import { describe, expect, it } from 'vitest';
import { parseRedirect, parseSourceUrl } from './source-url.js';

const refused = expect.objectContaining({ kind: 'invalid', code: 'data_sources.url_refused' }) as Error;

describe('parseSourceUrl', () => {
  it.each([
    'http://data.example/a.csv',
    'https://data.example:8443/a%20b.csv?signature=x%2By&a=@b',
    'HTTPS://Data.Example',
    'http://93.184.216.34/',
    'http://[2606:2800::1]:80/',
    'http://my_service/@a:b',
  ])('takes %s', (text) => {
    expect(parseSourceUrl(text).href).toBe(new URL(text).href);
  });

  it.each([
    'file:///etc/passwd',
    'gopher://data.example/',
    'ftp://data.example/a.csv',
    'data:text/csv,a',
    'jar:http://data.example/a.jar!/b',
    'javascript:alert(1)',
    '\\\\server\\share\\a.csv',
    '//data.example/a.csv',
    'data.example/a.csv',
    'http:data.example',
    'http:/data.example',
    'http:///data.example',
  ])('refuses %s: neither http nor https', (text) => {
    expect(() => parseSourceUrl(text)).toThrow(refused);
  });

  it.each([
    'http://ok.example\\@127.0.0.1/',
    'http://ok.example#@evil.example/',
    'http://ok.example/#part',
    'http://user@ok.example/',
    'http://user:password@ok.example/',
    'http://@ok.example/',
    'http://ok.example:80:90/',
    'http://ok.example:/',
    'http://ok.example:0/',
    'http://ok.example:65536/',
    'http://ok.example:+80/',
    'http://ok%2eexample/',
    'http://ok.example%00/',
    'http://\u24de\u24da.example/',
    'http://127\u30020.0.1/',
    'http://ok.example/a b',
    'http://ok.example/\n',
    'ht\ttp://ok.example/',
    ' http://ok.example/',
    'http://[fe80::1%25eth0]/',
    'http://[::1]evil.example/',
    'http://[::1/',
    'http://xn--a/',
    `http://ok.example/${'a'.repeat(4096)}`,
  ])('refuses %j, which two readers could understand in two ways', (text) => {
    expect(() => parseSourceUrl(text)).toThrow(refused);
  });

  it.each(['http://2130706433/', 'http://0x7f.1/', 'http://017700000001/', 'http://127.1:80/'])(
    'refuses %s as a hidden address',
    (text) => {
      expect(() => parseSourceUrl(text)).toThrow(
        expect.objectContaining({ code: 'data_sources.blocked_address' }),
      );
    },
  );
});

describe('parseRedirect', () => {
  const from = new URL('https://data.example/a/b.csv?c');

  it.each([
    ['c.csv', 'https://data.example/a/c.csv'],
    ['/c.csv#part', 'https://data.example/c.csv'],
    ['//other.example/c', 'https://other.example/c'],
    ['http://other.example/c#part', 'http://other.example/c'],
  ])('follows %s', (location, target) => {
    expect(parseRedirect(location, from).href).toBe(target);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://data.example/',
    'data:text/csv,a',
    'https://user@other.example/',
    '\\\\other.example\\c',
    '/a b',
    'http://',
  ])('refuses %s', (location) => {
    expect(() => parseRedirect(location, from)).toThrow(refused);
  });
});
