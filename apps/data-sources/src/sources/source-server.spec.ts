import { expect, it } from 'vitest';
import type { SourceConfig } from './source-config.js';
import { serverOf } from './source-server.js';

const http = (url: string): SourceConfig => ({ kind: 'http', url });
const s3 = (endpoint: string, region = 'eu-central-1'): SourceConfig => ({
  kind: 's3',
  endpoint,
  region,
  bucket: 'b',
  selection: { key: 'k' },
  isPathStyle: true,
});
const postgres = (host: string, sslMode: 'verify-full' | 'disable' = 'verify-full'): SourceConfig => ({
  kind: 'postgres',
  host,
  port: 5432,
  database: 'd',
  selection: { table: 't' },
  sslMode,
  caCertificate: '',
});

it('is the same server whatever is read of it', () => {
  expect(serverOf(http('https://Data.example/a?b'))).toBe(serverOf(http('https://data.example:443/c')));
  expect(serverOf(s3('https://s3.example/'))).toBe(serverOf(s3('https://s3.example', 'us-east-1')));
  expect(serverOf(postgres('Db.example'))).toBe(
    serverOf({ ...postgres('db.example'), database: 'e' } as SourceConfig),
  );
});

it('is another server at another host, port or scheme, in another region, and with less protection', () => {
  const servers = [
    http('https://data.example/'),
    http('http://data.example/'),
    http('https://data.example:8443/'),
    http('https://evil.example/'),
    s3(''),
    s3('', 'us-east-1'),
    s3('https://s3.evil.example'),
    postgres('db.example'),
    postgres('db.example', 'disable'),
    postgres('db.evil.example'),
    { ...postgres('db.example'), caCertificate: 'another' } as SourceConfig,
  ].map(serverOf);
  expect(new Set(servers).size).toBe(servers.length);
});
