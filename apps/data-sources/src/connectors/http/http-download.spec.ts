import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { repeated, startHttpServer, stream } from '../../../test/http-server.js';
import type { TestHttpServer } from '../../../test/http-server.js';
import { parseAllowList } from '../../net/allow-list.js';
import { Egress } from '../../net/egress.js';
import type { ResolveName } from '../../net/egress.js';
import type { SourceCredentials } from '../../sources/source-config.js';
import { HttpDownloads } from './http-download.js';
import type { Download } from './http-download.js';
import type { Patience } from './watchdog.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const LIMIT_BYTES = 64 * MiB;
const patience: Patience = {
  timeoutSeconds: 30,
  minimumBytesPerSecond: 1,
  windowSeconds: 10,
};
const servers: TestHttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(listener: RequestListener): Promise<TestHttpServer> {
  const server = await startHttpServer(listener);
  servers.push(server);
  return server;
}

interface Asked {
  readonly limitBytes?: number;
  readonly patience?: Partial<Patience>;
  readonly credentials?: SourceCredentials | null;
  readonly credentialsHeader?: string;
  readonly validator?: string | null;
  readonly signal?: AbortSignal;
  readonly egress?: Egress;
  readonly use?: (download: Download) => Promise<unknown>;
}

interface Got {
  readonly download: Download;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Downloads from servers of this test, and no others on loopback. */
async function get(url: string, asked: Asked = {}): Promise<Got | undefined> {
  const permitted = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const egress = asked.egress ?? new Egress(parseAllowList(permitted));
  return new HttpDownloads(egress, { ...patience, ...asked.patience }).download(
    {
      url: new URL(url),
      credentials: asked.credentials ?? null,
      credentialsHeader: asked.credentialsHeader,
      validator: asked.validator ?? null,
      limitBytes: asked.limitBytes ?? LIMIT_BYTES,
    },
    asked.signal ?? new AbortController().signal,
    async (download) => {
      await asked.use?.(download);
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const chunk of download.bytes) {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }
      return { download, sizeBytes, sha256: hash.digest('hex') };
    },
  );
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function failing(code: string, kind?: string): object {
  return { code: `data_sources.${code}`, ...(kind === undefined ? {} : { kind }) };
}

/** Sends `content` as far as `cut` and drops the connection; takes ranges. */
function breakingOff(content: Buffer, cuts: number[], headers: Record<string, string>): RequestListener {
  return (request, response) => {
    const from = rangeStart(request);
    const cut = cuts.shift();
    const total = content.length;
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      'content-length': total - (from ?? 0),
      ...(from === undefined ? {} : { 'content-range': `bytes ${from}-${total - 1}/${total}` }),
    });
    if (cut === undefined) response.end(content.subarray(from ?? 0));
    else response.write(content.subarray(from ?? 0, cut), () => response.destroy());
  };
}

function rangeStart(request: IncomingMessage): number | undefined {
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

describe('a download', () => {
  it('brings the bytes, the name and the media type', async () => {
    const { origin } = await start((_, response) => {
      response.writeHead(200, { 'content-type': 'Text/CSV; charset=utf-8', 'content-length': 8 });
      response.end('a,b\n1,2\n');
    });
    expect(await get(`${origin}/tables/a%20b.csv?secret=1`)).toMatchObject({
      download: { name: 'a b.csv', mediaType: 'text/csv', sizeBytes: 8, validator: null },
      sha256: sha256('a,b\n1,2\n'),
    });
  });

  it('unpacks gzip, and takes no other coding', async () => {
    const { origin, requests } = await start((request, response) => {
      const coding = request.url === '/gzip' ? 'gzip' : 'br';
      response.setHeader('content-encoding', coding);
      response.end(gzipSync('a\n1\n'), 'binary');
    });
    expect(await get(`${origin}/gzip`)).toMatchObject({ sha256: sha256('a\n1\n') });
    await expect(get(`${origin}/br`)).rejects.toMatchObject(failing('source_answer_refused'));
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('is not made again when the server says that nothing has changed', async () => {
    const { origin, requests } = await start((request, response) => {
      const isKnown = request.headers['if-none-match'] === 'W/"1"';
      response.writeHead(isKnown ? 304 : 200, {
        etag: 'W/"1"',
        'transfer-encoding': isKnown ? '' : 'chunked',
      });
      response.end(isKnown ? undefined : 'a\n1\n');
    });
    const first = await get(`${origin}/a.csv?signature=hunter2`);
    const validator = first?.download.validator ?? null;
    expect(validator).not.toContain('hunter2');
    expect(await get(`${origin}/a.csv?signature=hunter2`, { validator })).toBeUndefined();
    // A tag of one resource says nothing about another.
    expect(await get(`${origin}/b.csv`, { validator })).toMatchObject({ sizeBytes: 4 });
    expect(requests[2]?.headers).not.toHaveProperty('if-none-match');
    expect(await get(`${origin}/a.csv`, { validator: 'no JSON' })).toMatchObject({ sizeBytes: 4 });
  });

  it('asks by date when there is no tag', async () => {
    const modified = 'Wed, 01 Jan 2025 00:00:00 GMT';
    const { origin } = await start((request, response) => {
      const isKnown = request.headers['if-modified-since'] === modified;
      response.writeHead(isKnown ? 304 : 200, { 'last-modified': modified });
      response.end(isKnown ? undefined : 'a\n1\n');
    });
    const first = await get(`${origin}/a.csv`);
    const validator = first?.download.validator ?? null;
    expect(await get(`${origin}/a.csv`, { validator })).toBeUndefined();
  });

  it.each([
    [401, 'source_denied', 'unprocessable'],
    [403, 'source_denied', 'unprocessable'],
    [404, 'source_data_absent', 'unprocessable'],
    [429, 'source_unavailable', 'unavailable'],
    [503, 'source_unavailable', 'unavailable'],
    [204, 'source_answer_refused', 'unprocessable'],
    [206, 'source_answer_refused', 'unprocessable'],
    [304, 'source_answer_refused', 'unprocessable'],
    [400, 'source_answer_refused', 'unprocessable'],
  ])('fails on status %i with %s', async (status, code, kind) => {
    const { origin } = await start((_, response) => response.writeHead(status).end());
    await expect(get(`${origin}/`)).rejects.toMatchObject(failing(code, kind));
  });

  it('fails clearly when nobody listens, and when what answers is no HTTP', async () => {
    const server = await start((_, response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await expect(get(server.origin)).rejects.toMatchObject(failing('source_answer_refused'));
    const { origin, port } = server;
    await server.close();
    servers.splice(0);
    const egress = new Egress(parseAllowList(`127.0.0.1:${port}`));
    await expect(get(origin, { egress })).rejects.toMatchObject(failing('source_unreachable', 'unavailable'));
  });
});

describe('a body that breaks off', () => {
  const content = Buffer.from(Array.from({ length: 30_000 }, (_, row) => `${row},${row * 7}\n`).join(''));
  const tagged = { etag: '"1"' };

  it('is taken up again where it ended, and is whole', async () => {
    const { origin, requests } = await start(breakingOff(content, [100_000, 100_000, 200_000], tagged));
    expect(await get(`${origin}/a.csv`)).toMatchObject({
      sha256: sha256(content),
      sizeBytes: content.length,
    });
    expect(requests.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', '"1"'],
      ['bytes=100000-', '"1"'],
      ['bytes=200000-', '"1"'],
    ]);
  });

  it('is taken up again within gzip', async () => {
    const packed = gzipSync(content);
    const { origin } = await start(breakingOff(packed, [20_000], { ...tagged, 'content-encoding': 'gzip' }));
    expect(await get(`${origin}/a.csv`)).toMatchObject({ sha256: sha256(content) });
  });

  it('is taken up again by date only when the date is old enough to name the content', async () => {
    const old = { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' };
    const { origin } = await start(breakingOff(content, [100_000], old));
    expect(await get(`${origin}/a.csv`)).toMatchObject({ sha256: sha256(content) });
    const fresh = { 'last-modified': new Date().toUTCString() };
    const other = await start(breakingOff(content, [100_000], fresh));
    await expect(get(`${other.origin}/a.csv`)).rejects.toMatchObject(failing('source_cut'));
    expect(other.requests).toHaveLength(1);
  });

  it.each([
    ['no tag', {}],
    ['a weak tag', { etag: 'W/"1"' }],
  ])('fails when it has %s', async (_, headers) => {
    const { origin } = await start(breakingOff(content, [100_000], headers));
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_cut', 'unavailable'));
  });

  it('fails when it goes on breaking off', async () => {
    const { origin, requests } = await start(breakingOff(content, Array<number>(20).fill(100_000), tagged));
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_cut'));
    expect(requests.length).toBeLessThan(10);
  });

  it('fails when the content has changed meanwhile, whether the server honours If-Range or not', async () => {
    let asked = 0;
    const { origin } = await start((request, response) => {
      const etag = `"${(asked += 1)}"`;
      const from = rangeStart(request);
      const isHonoured = request.url === '/honoured' || from === undefined;
      const partial = { 'content-range': `bytes ${from ?? 0}-${content.length - 1}/${content.length}` };
      response.writeHead(isHonoured ? 200 : 206, {
        etag,
        'content-length': 50,
        ...(isHonoured ? {} : partial),
      });
      response.write('x'.repeat(20), () => response.destroy());
    });
    await expect(get(`${origin}/honoured`)).rejects.toMatchObject(failing('source_changed'));
    await expect(get(`${origin}/ignored`)).rejects.toMatchObject(failing('source_changed'));
  });

  it('fails when the server does not take ranges', async () => {
    const { origin } = await start((_, response) => {
      response.writeHead(200, { ...tagged, 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => response.destroy());
    });
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_cut'));
  });

  it('fails when it comes in chunks and the last one is missing', async () => {
    const { origin } = await start((_, response) => {
      response.write('a\n1\n', () => response.destroy());
    });
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_cut'));
  });

  it('fails when its end could not be told from a cut', async () => {
    const { origin } = await start((_, response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\n\r\na\n1\n');
    });
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_answer_refused'));
  });

  it('fails when the gzip within has no end', async () => {
    const packed = gzipSync(content);
    const { origin } = await start((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(packed.subarray(0, packed.length - 9));
    });
    await expect(get(`${origin}/a.csv`)).rejects.toMatchObject(failing('source_cut'));
  });
});

describe('a hostile body', () => {
  it('is refused at once when it announces more than the limit', async () => {
    const { origin } = await start((_, response) => {
      response.writeHead(200, { 'content-length': 100 * 1024 ** 3 });
      response.flushHeaders();
    });
    await expect(get(origin)).rejects.toMatchObject(failing('fetch_too_large', 'too_large'));
  });

  it('is cut at the limit when it has no end', async () => {
    let sentBytes: Promise<number> | undefined;
    const { origin } = await start((_, response) => {
      sentBytes = stream(response, repeated(Buffer.alloc(256 * KiB, 97)));
    });
    await expect(get(origin)).rejects.toMatchObject(failing('fetch_too_large'));
    expect(await sentBytes).toBeLessThan(LIMIT_BYTES + 16 * MiB);
  });

  it('is cut when it is a gzip bomb', async () => {
    // 10 GiB of zeros in 10 MiB: a member of 128 MiB, again and again.
    const member = gzipSync(Buffer.alloc(128 * MiB));
    let sentBytes: Promise<number> | undefined;
    const { origin } = await start((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      sentBytes = stream(response, repeated(member, 80));
    });
    await expect(get(origin)).rejects.toMatchObject(failing('compression_refused', 'too_large'));
    expect(await sentBytes).toBeLessThan(8 * MiB);
  });

  it('is cut at the limit when it is unpacked, also where it grows by less', async () => {
    const { origin } = await start((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(2 * MiB, 'abcdefgh')));
    });
    const limited = get(origin, { limitBytes: MiB });
    await expect(limited).rejects.toMatchObject(failing('fetch_too_large'));
  });

  it('is cut when it drips, and when it never begins', async () => {
    const timers: NodeJS.Timeout[] = [];
    const { origin } = await start((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200, { 'content-length': 1000 });
      timers.push(setInterval(() => response.write('x'), 20));
    });
    const slow = { minimumBytesPerSecond: 1000, windowSeconds: 0.2 };
    for (const path of ['/drip', '/silent']) {
      await expect(get(`${origin}${path}`, { patience: slow })).rejects.toMatchObject(
        failing('source_too_slow', 'timed_out'),
      );
    }
    timers.forEach(clearInterval);
  });

  it('is cut when it takes too long', async () => {
    const timers: NodeJS.Timeout[] = [];
    const { origin } = await start((_, response) => {
      timers.push(setInterval(() => response.write('x'.repeat(1000)), 10));
    });
    await expect(get(origin, { patience: { timeoutSeconds: 0.3 } })).rejects.toMatchObject(
      failing('source_timed_out', 'timed_out'),
    );
    timers.forEach(clearInterval);
  });

  it('is refused when its headers have no end', async () => {
    const { origin } = await start((_, response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(64 * KiB)}`);
    });
    await expect(get(origin)).rejects.toMatchObject(failing('source_answer_refused'));
  });

  it('lets go of the connection when it is cut or cancelled', async () => {
    const closed: Promise<unknown>[] = [];
    const { origin } = await start((_, response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
      response.writeHead(200, { 'content-length': 1000 });
      response.write('a\n');
    });
    const controller = new AbortController();
    const cancel = (): Promise<void> => {
      controller.abort(new Error('cancelled'));
      return Promise.resolve();
    };
    await expect(get(origin, { signal: controller.signal, use: cancel })).rejects.toThrow('cancelled');
    await expect(get(origin, { limitBytes: 10 })).rejects.toMatchObject(failing('fetch_too_large'));
    expect(closed).toHaveLength(2);
    await Promise.all(closed);
  });
});

describe('a redirect', () => {
  const redirect = (response: ServerResponse, location: string, status = 302) =>
    response.writeHead(status, { location }).end();

  it.each([301, 302, 303, 307, 308])('with status %i is followed', async (status) => {
    const { origin } = await start((request, response) => {
      if (request.url === '/a') redirect(response, '/b/c.csv', status);
      else response.end('a\n1\n');
    });
    expect(await get(`${origin}/a`)).toMatchObject({ download: { name: 'c.csv' }, sizeBytes: 4 });
  });

  it('to a blocked address is refused before a connection is made', async () => {
    const canary = await startHttpServer();
    const { origin } = await start((request, response) => {
      redirect(response, decodeURIComponent(request.url?.slice(1) ?? ''));
    });
    const targets = ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', 'localhost', '[::1]'];
    for (const host of targets.map((target) => `http://${target}:${canary.port}/`)) {
      const url = `${origin}/${encodeURIComponent(host)}`;
      await expect(get(url)).rejects.toMatchObject(failing('blocked_address', 'invalid'));
    }
    expect(canary.connections()).toBe(0);
    await canary.close();
  });

  it('to anything but http and https is refused', async () => {
    const targets = ['file:///etc/passwd', 'ftp://127.0.0.1/', 'data:text/csv,a', 'http://a@127.0.0.1/'];
    const { origin } = await start((request, response) => {
      redirect(response, targets[Number(request.url?.slice(1))] ?? '');
    });
    for (const index of targets.keys()) {
      await expect(get(`${origin}/${index}`)).rejects.toMatchObject(failing('url_refused', 'invalid'));
    }
  });

  it('without an address, and the sixth one, are refused', async () => {
    const { origin, requests } = await start((request, response) => {
      if (request.url === '/nowhere') response.writeHead(302).end();
      else redirect(response, `${request.url ?? ''}x`);
    });
    await expect(get(`${origin}/nowhere`)).rejects.toMatchObject(failing('redirect_refused'));
    await expect(get(`${origin}/x`)).rejects.toMatchObject(failing('redirect_refused'));
    expect(requests).toHaveLength(7);
  });
});

describe('credentials', () => {
  const bearer = { user: '', secret: 'hunter2', sessionToken: '' };
  const basic = { user: 'ana', secret: 'p\u00e4ss:word', sessionToken: '' };

  it('go as bearer, basic or a header of their own to the origin they are for', async () => {
    const { origin, requests } = await start((_, response) => response.end('a\n1\n'));
    await get(origin, { credentials: bearer });
    await get(origin, { credentials: basic });
    await get(origin, { credentials: bearer, credentialsHeader: 'X-Api-Key' });
    expect(requests[2]?.headers).toMatchObject({ 'x-api-key': 'hunter2' });
    expect(requests[2]?.headers).not.toHaveProperty('authorization');
    const [first, second] = requests.map(({ headers }) => headers.authorization);
    expect(first).toBe('Bearer hunter2');
    expect(second).toBe(`Basic ${Buffer.from('ana:p\u00e4ss:word').toString('base64')}`);
  });

  it('go to no other origin after a redirect', async () => {
    const other = await start((_, response) => response.end('a\n1\n'));
    const { origin } = await start((request, response) => {
      const location = request.url === '/away' ? `${other.origin}/` : '/away';
      response.writeHead(302, { location }).end();
    });
    await get(`${origin}/`, { credentials: bearer });
    await get(`${origin}/`, { credentials: bearer, credentialsHeader: 'X-Api-Key' });
    expect(other.requests).toHaveLength(2);
    expect(JSON.stringify(other.requests.map(({ headers }) => headers))).not.toContain('hunter2');
  });

  it('are in no error', async () => {
    const { origin } = await start((_, response) => response.writeHead(401).end('Bearer hunter2'));
    const failure: unknown = await get(`${origin}/?key=hunter2`, { credentials: bearer }).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject(failing('source_denied'));
    expect(JSON.stringify(failure) + String(failure)).not.toContain('hunter2');
  });
});

describe('a name that DNS moves to a private address', () => {
  it('is read from the address that was checked, and refused at the next connection', async () => {
    const canary = await startHttpServer((_, response) => response.end('canary'), '127.0.0.2');
    const { port, requests } = await start((request, response) => {
      if (request.url === '/again') response.writeHead(302, { location: '/' }).end();
      else response.end('a\n1\n');
    });
    const answers: string[] = [];
    const resolve: ResolveName = () =>
      Promise.resolve([{ address: answers.shift() ?? '127.0.0.2', family: 4 }]);
    const egress = new Egress(parseAllowList(`127.0.0.1:${port}`), resolve);
    // The port is the same for both: what decides is the address.
    answers.push('127.0.0.1');
    expect(await get(`http://data.example:${port}/`, { egress })).toMatchObject({ sizeBytes: 4 });
    expect(requests[0]?.headers.host).toBe(`data.example:${port}`);
    answers.push('127.0.0.1');
    await expect(get(`http://data.example:${port}/again`, { egress })).rejects.toMatchObject(
      failing('blocked_address'),
    );
    expect(canary.connections()).toBe(0);
    await canary.close();
  });
});
