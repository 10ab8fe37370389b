import { eventually } from '@aimass/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS, startGatewayProcess } from './attacks/gateway-process.js';
import type { GatewayProcess } from './attacks/gateway-process.js';
import { gather, openSocket, sendRaw } from './attacks/raw-socket.js';

const MIB = 1024 * 1024;
let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGatewayProcess();
});
afterAll(() => gateway.stop());

/**
 * Runs an attack; the gateway must live, stay small, keep its event loop no longer than `busyMs` (99 % of the turns),
 * and serve at once afterwards.
 */
async function survives<T>(attack: () => Promise<T>, busyMs = 50): Promise<T> {
  const before = await gateway.probe();
  gateway.resetProbe();
  const result = await attack();
  const after = await gateway.probe();
  expect(gateway.isAlive()).toBe(true);
  expect(after.p99Ms).toBeLessThan(busyMs);
  expect(after.rssBytes - before.rssBytes).toBeLessThan(96 * MIB);
  await eventually(async () => ((await gateway.infer()) === 200 ? true : undefined));
  return result;
}

const request = (headers: readonly string[], body = '', path = '/v2/models/faithful/infer'): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: gateway',
    `Authorization: Bearer ${gateway.key}`,
    ...headers,
    '',
    body,
  ].join('\r\n');

describe('43: a JSON body of 100 MB', () => {
  it('is 413 while it streams, with and without a declared length, and the connection ends', async () => {
    await survives(async () => {
      const declared = await sendRaw(gateway.port, request([`Content-Length: ${100 * MIB}`]));
      expect(declared.statuses).toEqual([413]);
      expect(declared.text).toContain('{"error":');
      const socket = await openSocket(gateway.port);
      const answer = gather(socket, 10_000);
      socket.write(request(['Transfer-Encoding: chunked']));
      const piece = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(65_536, 0x20),
        Buffer.from('\r\n'),
      ]);
      let sent = 0;
      while (sent < 100 * MIB && socket.writable) {
        sent += 65_536;
        if (!socket.write(piece)) await drained(socket);
      }
      const { statuses, isClosed } = await answer;
      expect([statuses, isClosed]).toEqual([[413], true]);
      expect(sent).toBeLessThan(50 * MIB);
    });
  });

  it('is 413 on the control API too', async () => {
    const headers = [`Content-Length: ${100 * MIB}`, 'Content-Type: application/json'];
    const answer = await survives(() => sendRaw(gateway.port, request(headers, '', '/api/v1/keys')));
    expect(answer.statuses).toEqual([413]);
  });
});

async function drained(socket: Awaited<ReturnType<typeof openSocket>>): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}

describe('45: a URL as a value', () => {
  it('is data: nobody fetches it', async () => {
    let fetched = 0;
    const canary = createServer((_request, response) => {
      fetched += 1;
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/canary`;
    const body = JSON.stringify({
      inputs: [{ name: url, datatype: 'BYTES', shape: [1], data: [url] }],
      id: url,
    });
    expect(await survives(() => gateway.infer(body))).toBe(200);
    expect(gateway.replica.received.some((call) => call.body.toString() === body)).toBe(true);
    const headers = { authorization: `Bearer ${gateway.key}` };
    const named = await fetch(`${gateway.url}/v2/models/${encodeURIComponent(url)}`, { headers });
    expect(named.status).toBe(404);
    expect(fetched).toBe(0);
    canary.close();
  });
});

describe('46: requests that two servers could read differently', () => {
  const smuggled = 'GET /v2/models HTTP/1.1\r\nHost: x\r\n\r\n';
  it.each([
    [
      'Content-Length and Transfer-Encoding',
      ['Content-Length: 6', 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${smuggled}`,
    ],
    ['two Content-Lengths', ['Content-Length: 2', 'Content-Length: 5'], `{}${smuggled}`],
    ['a Content-Length of two numbers', ['Content-Length: 2, 5'], `{}${smuggled}`],
    ['a signed Content-Length', ['Content-Length: +2'], `{}${smuggled}`],
    [
      'Transfer-Encoding twice',
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      `0\r\n\r\n${smuggled}`,
    ],
    ['an obscured Transfer-Encoding', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`],
    ['a space before the colon', ['Content-Length : 2'], `{}${smuggled}`],
    ['a folded header', ['X-A: b', ' Content-Length: 5', 'Content-Length: 2'], `{}${smuggled}`],
    ['a chunk length that is none', ['Transfer-Encoding: chunked'], `0x2\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['NUL in a header', ['X-A: b\0c', 'Content-Length: 2'], `{}${smuggled}`],
  ])('with %s are 400 and the connection ends', async (_what, headers, body) => {
    const { statuses, isClosed } = await survives(() => sendRaw(gateway.port, request(headers, body)));
    expect([statuses, isClosed]).toEqual([[400], true]);
  });

  it('with bare line feeds are 400 and the connection ends', async () => {
    const bare = request(['Content-Length: 2'], '{}').replaceAll('\r\n', '\n');
    const { statuses, isClosed } = await survives(() => sendRaw(gateway.port, bare));
    expect([statuses, isClosed]).toEqual([[400], true]);
  });

  it('with more body than they declare end in 400: the rest is no request', async () => {
    const { statuses, isClosed } = await survives(() =>
      sendRaw(
        gateway.port,
        request(['Content-Length: 2', 'Content-Type: application/json'], '{}JUNK\r\n\r\n'),
      ),
    );
    // The end may come before the first answer is out.
    expect([statuses.at(-1), statuses.length <= 2, isClosed]).toEqual([400, true, true]);
  });

  it('with 10,000 headers are 431 and the connection ends', async () => {
    const headers = Array.from({ length: 10_000 }, (_, index) => `X-${index}: v`);
    const { statuses, isClosed } = await survives(() => sendRaw(gateway.port, request(headers)));
    expect([statuses, isClosed]).toEqual([[431], true]);
  });

  it('with 3 MB in chunks of 6 bytes are 413 while they stream', async () => {
    const chunks = '6\r\nabcdef\r\n'.repeat(500_000);
    // Node reads up to 2 MB of a socket in one turn, and each chunk in it is an event: such a turn takes long.
    const { statuses, isClosed } = await survives(
      () => sendRaw(gateway.port, request(['Transfer-Encoding: chunked'], chunks), 10_000),
      300,
    );
    expect([statuses, isClosed]).toEqual([[413], true]);
  });

  it('with a multipart boundary of 1 MB are 431', async () => {
    const type = `Content-Type: multipart/form-data; boundary=${'b'.repeat(MIB)}`;
    const { statuses } = await survives(() => sendRaw(gateway.port, request([type, 'Content-Length: 0'])));
    expect(statuses).toEqual([431]);
  });
});

describe('47: clients that take their time', () => {
  /** How long a healthy prediction takes, the median of some, in milliseconds. */
  async function healthyMs(): Promise<number> {
    const durations: number[] = [];
    for (let index = 0; index < 31; index++) {
      const startedMs = performance.now();
      expect(await gateway.infer()).toBe(200);
      durations.push(performance.now() - startedMs);
    }
    return durations.sort((a, b) => a - b)[15] ?? 0;
  }

  it('with their first byte are closed, and cost healthy clients nothing', async () => {
    await survives(async () => {
      const usualMs = await healthyMs();
      const sockets = await Promise.all(Array.from({ length: 500 }, () => openSocket(gateway.port)));
      const answers = sockets.map((socket) => gather(socket, 6_000));
      expect(await healthyMs()).toBeLessThan(usualMs * 2 + 20);
      for (const { isClosed } of await Promise.all(answers)) expect(isClosed).toBe(true);
    });
  });

  it('with the HTTP/2 preface are closed', async () => {
    const { isClosed, text } = await survives(() => sendRaw(gateway.port, 'PRI * HT'));
    expect([isClosed, text]).toEqual([true, '']);
  });

  it('with their headers are 408, however steadily a byte comes', async () => {
    await survives(async () => {
      const usualMs = await healthyMs();
      const sockets = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = await openSocket(gateway.port);
          socket.write('POST /v2/models/faithful/infer HTTP/1.1\r\nHost: g\r\n');
          return socket;
        }),
      );
      const answers = sockets.map((socket) => gather(socket, 8_000));
      const drip = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write('X: y\r\n');
      }, 100);
      expect(await healthyMs()).toBeLessThan(usualMs * 2 + 20);
      for (const { isClosed, statuses } of await Promise.all(answers)) {
        expect([isClosed, statuses]).toEqual([true, [408]]);
      }
      clearInterval(drip);
    });
  });

  it.each(['/v2/models/faithful/infer', '/api/v1/keys'])(
    'with their body are 408, however steadily a byte comes: %s',
    async (path) => {
      await survives(async () => {
        const socket = await openSocket(gateway.port);
        const answer = gather(socket, 10_000);
        socket.write(request(['Content-Length: 1000', 'Content-Type: application/json'], '{', path));
        const drip = setInterval(() => socket.writable && socket.write(' '), 100);
        const { isClosed, statuses } = await answer;
        clearInterval(drip);
        expect([isClosed, statuses]).toEqual([true, [408]]);
      });
    },
  );

  it('with taking their answers are cut off', async () => {
    await survives(async () => {
      const body = JSON.stringify({ pad: 'x'.repeat(LIMITS.BODY_LIMIT_BYTES - 100) });
      const full = request([`Content-Length: ${body.length}`, 'Content-Type: application/json'], body);
      const socket = await openSocket(gateway.port);
      const startedMs = performance.now();
      socket.pause();
      // More than the buffers of the two systems hold, so that the gateway is left with the rest.
      for (let index = 0; index < 16; index++) socket.write(full);
      // A side that reads nothing learns of the end only by writing.
      await eventually(() => {
        if (socket.writable) socket.write('\r\n');
        return socket.destroyed ? true : undefined;
      }, 40_000);
      expect(performance.now() - startedMs).toBeGreaterThan(LIMITS.READ_TIMEOUT_MS);
    });
  });

  it('with nothing at all between two requests are closed after the keep-alive time', async () => {
    const { statuses, isClosed } = await survives(() =>
      sendRaw(gateway.port, `GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n`, 6_000),
    );
    expect([statuses, isClosed]).toEqual([[200], true]);
  });
});

describe('49: strings made to stall a regular expression', () => {
  const long = 14_000;
  it.each([
    ['Authorization', { authorization: `Bearer ${'a'.repeat(long)}!` }],
    ['Authorization of spaces', { authorization: `bearer ${' '.repeat(long)}x y` }],
    ['Content-Type', { 'content-type': `application/${'a.'.repeat(long / 2)}` }],
    ['x-request-id', { 'x-request-id': `${'a'.repeat(long)}!` }],
    ['x-request-timeout-ms', { 'x-request-timeout-ms': `${'1'.repeat(long)}x` }],
    ['x-request-priority', { 'x-request-priority': `${'1'.repeat(long)}x` }],
    ['Inference-Header-Content-Length', { 'inference-header-content-length': `${'9'.repeat(long)}x` }],
  ])('in %s stall nothing', async (_name, headers: Record<string, string>) => {
    gateway.resetProbe();
    const response = await fetch(`${gateway.url}/v2/models/faithful/infer`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', ...headers },
    });
    expect(response.status).toBeLessThan(500);
    expect((await gateway.probe()).maxMs).toBeLessThan(50);
  });

  it.each([
    'faithful/versions/' + '1'.repeat(400) + 'x',
    'a'.repeat(500),
    '%2F'.repeat(160),
    'a/versions/b/'.repeat(30),
  ])('in the path stall nothing: %s', async (path) => {
    gateway.resetProbe();
    const headers = { authorization: `Bearer ${gateway.key}` };
    expect((await fetch(`${gateway.url}/v2/models/${path}`, { headers })).status).toBe(404);
    expect((await gateway.probe()).maxMs).toBeLessThan(50);
  });
});

describe('50: a compressed body over REST', () => {
  it('is 415 and is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MIB));
    const response = await survives(() =>
      fetch(`${gateway.url}/v2/models/faithful/infer`, {
        method: 'POST',
        body: bomb,
        headers: { authorization: `Bearer ${gateway.key}`, 'content-encoding': 'gzip' },
      }),
    );
    expect(response.status).toBe(415);
  });
});
