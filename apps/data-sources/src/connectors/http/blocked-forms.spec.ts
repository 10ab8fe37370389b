import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Egress } from '../../net/egress.js';
import { FetchSink } from '../fetch-sink.js';
import { HttpConnector } from './http.connector.js';

const BLOCKED_IPV4 = [
  '127.0.0.1',
  '0.0.0.0',
  '169.254.169.254',
  '10.1.2.3',
  '172.16.0.9',
  '192.168.1.1',
  '100.100.100.200',
];
const BLOCKED_IPV6 = ['::1', '::', 'fd00::1', 'fd00:ec2::254', 'fe80::1', 'ff02::1', 'fec0::1'];

/** Ways of writing an IPv4 address that `inet_aton` or a URL parser somewhere takes for it. */
function ipv4Forms(address: string): string[] {
  const octets = address.split('.').map(Number) as [number, number, number, number];
  const [a, b, c, d] = octets;
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const octal = (value: number): string => `0${value.toString(8)}`;
  return [
    address,
    `${address}.`,
    String(whole),
    hex(whole),
    hex(whole).toUpperCase(),
    octal(whole),
    octets.map(hex).join('.'),
    octets.map(octal).join('.'),
    octets.map((octet) => `000${octal(octet)}`).join('.'),
    [hex(a), b, octal(c), d].join('.'),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${hex(a)}.${(b * 256 + c) * 256 + d}`,
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    octets.join('\u3002'),
    octets.join('%2e'),
    encodeURIComponent(address).replace(/1/g, '%31'),
    ...mappedForms(octets),
  ];
}

/** IPv6 addresses that carry an IPv4 one. */
function mappedForms(octets: readonly [number, number, number, number]): string[] {
  const [a, b, c, d] = octets;
  const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  const dotted = octets.join('.');
  const all = [
    `::ffff:${dotted}`,
    `::ffff:${groups}`,
    `0:0:0:0:0:FFFF:${groups}`,
    `::${dotted}`,
    `::ffff:0:${groups}`,
    `64:ff9b::${groups}`,
    `64:ff9b:1::${groups}`,
    `2002:${groups}::`,
    `2001:0:${groups}::`,
  ];
  return all.map((address) => `[${address}]`);
}

/** Ways of hiding which host a URL means, each with the address as one of the two that it could be. */
function confusions(address: string, port: number): string[] {
  return [
    `http://ok.example\\@${address}:${port}/`,
    `http://ok.example#@${address}:${port}/`,
    `http://ok.example@${address}:${port}/`,
    `http://ok.example:80@${address}:${port}/`,
    `http://${address}:${port}#@ok.example/`,
    `http://${address}:${port}\\@ok.example/`,
    `http://${address}:${port}\\.ok.example/`,
    `http://ok.example:80:${port}@${address}/`,
    `http:\\\\${address}:${port}/`,
    `http:${address}:${port}/`,
    `http:/${address}:${port}/`,
    `http:////${address}:${port}/`,
    `//${address}:${port}/`,
    ` http://${address}:${port}/`,
    `http://${address}\t:${port}/`,
    `ht\ntp://${address}:${port}/`,
    `http://${address}%00.ok.example:${port}/`,
    `ftp://${address}:${port}/`,
    `gopher://${address}:${port}/_GET%20/`,
    `file://${address}/etc/passwd`,
    `jar:http://${address}:${port}/a!/b`,
    `data:text/csv,${address}`,
  ];
}

function formsFor(port: number): string[] {
  const hosts = [
    ...BLOCKED_IPV4.flatMap(ipv4Forms),
    ...BLOCKED_IPV6.map((address) => `[${address}]`),
    ...['localhost', 'LOCALHOST', 'localhost.', '[::1%25lo]', '[0:0:0:0:0:0:0:1]', '[::0001]'],
  ];
  return [
    ...hosts.map((host) => `http://${host}:${port}/`),
    ...confusions('127.0.0.1', port),
    ...confusions('[::1]', port),
  ];
}

/** Accepts every connection on both loopback addresses at the same port, and counts them. */
async function startCanaries(): Promise<{ port: number; servers: Server[]; count: () => number }> {
  let connections = 0;
  const listen = async (host: string, at: number): Promise<Server> => {
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(at, host);
    await once(server, 'listening');
    return server;
  };
  const first = await listen('127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  return { port, servers: [first, await listen('::1', port)], count: () => connections };
}

describe('a blocked address, however it is written', () => {
  let canaries: Awaited<ReturnType<typeof startCanaries>>;
  let folder: string;
  beforeAll(async () => {
    canaries = await startCanaries();
    folder = await mkdtemp(join(tmpdir(), 'aimass-forms-'));
  });
  afterAll(async () => {
    for (const server of canaries.servers) server.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => vi.restoreAllMocks());

  it('is refused with 400 and never connected to', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    const patience = {
      FETCH_TIMEOUT_SECONDS: 5,
      FETCH_MINIMUM_BYTES_PER_SECOND: 1,
      FETCH_PATIENCE_SECONDS: 5,
    };
    const connector = new HttpConnector(new Egress(), patience);
    const sink = new FetchSink(folder, { maxBytes: 1, maxFiles: 1 });
    const never = new AbortController().signal;
    const urls = formsFor(canaries.port);
    expect(urls.length).toBeGreaterThan(200);
    for (const url of urls) {
      const origin = {
        kind: 'http',
        organizationId: 'org_1',
        config: { kind: 'http', url },
        credentials: null,
      } as const;
      await expect(connector.fetch(origin, sink, never), url).rejects.toMatchObject({ kind: 'invalid' });
      await expect(connector.check(origin, never), url).rejects.toMatchObject({ kind: 'invalid' });
    }
    expect(connect).not.toHaveBeenCalled();
    expect(canaries.count()).toBe(0);
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    '0.0.0.0',
    '169.254.169.254',
    '[fd00::1]',
    '10.0.0.1',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '017700000001',
  ])('is refused by the code blocked_address: %s', (host) => {
    const connector = new HttpConnector(new Egress(), {
      FETCH_TIMEOUT_SECONDS: 5,
      FETCH_MINIMUM_BYTES_PER_SECOND: 1,
      FETCH_PATIENCE_SECONDS: 5,
    });
    expect(() => {
      connector.admit({ kind: 'http', url: `http://${host}/` });
    }).toThrow(expect.objectContaining({ code: 'data_sources.blocked_address' }));
  });
});
