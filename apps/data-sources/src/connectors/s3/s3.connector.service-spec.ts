import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startS3Server } from '@aimass/testing';
import type { S3Server } from '@aimass/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpServer } from '../../../test/http-server.js';
import type { TestHttpServer } from '../../../test/http-server.js';
import { parseAllowList } from '../../net/allow-list.js';
import { Egress } from '../../net/egress.js';
import type { S3SourceConfig } from '../../sources/source-config.js';
import { CONTRACT_SECRET, describeConnector } from '../connector.contract-spec.js';
import type { FetchedFile, OriginOf } from '../connector.js';
import { FetchSink } from '../fetch-sink.js';
import { S3Connector } from './s3.connector.js';

const COMPILE_MS = 15 * 60_000;
const never = new AbortController().signal;
let server: S3Server;
let folder: string;

beforeAll(async () => {
  server = await startS3Server(CONTRACT_SECRET);
  await server.createBucket('data');
}, COMPILE_MS);
afterAll(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
  await server.stop();
});
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'aimass-s3-fetch-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const settings = {
  FETCH_TIMEOUT_SECONDS: 60,
  FETCH_MINIMUM_BYTES_PER_SECOND: 1024,
  FETCH_PATIENCE_SECONDS: 10,
};

function connector(): S3Connector {
  return new S3Connector(new Egress(parseAllowList('127.0.0.1')), settings);
}

function origin(
  selection: S3SourceConfig['selection'],
  changes: Partial<S3SourceConfig> = {},
): OriginOf<'s3'> {
  const { endpoint, region, accessKey, secretKey } = server;
  const config = {
    kind: 's3',
    endpoint,
    region,
    bucket: 'data',
    selection,
    isPathStyle: true,
    ...changes,
  } as const;
  const credentials = { user: accessKey, secret: secretKey, sessionToken: '' };
  return { kind: 's3', organizationId: 'org_1', config, credentials };
}

function newSink(maxBytes = 1e9): FetchSink {
  return new FetchSink(folder, { maxBytes, maxFiles: 20_000 });
}

function contents(files: readonly FetchedFile[]): Promise<[string, string][]> {
  return Promise.all(files.map(async ({ name, path }) => [name, await readFile(path, 'utf8')]));
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it went well',
    (error: unknown) => error,
  );
}

const proxies: TestHttpServer[] = [];

/** What becomes of the answer to a request: after some bytes it may break off, or stand still. */
type Meddling = 'pass' | 'cut' | 'stall';
const MEDDLED_BYTES = 300_000;

/** The real server behind one that does something to the nth request for an object. */
async function behind(meddle: (count: number) => Promise<Meddling>): Promise<string> {
  const { port } = new URL(server.endpoint);
  let count = 0;
  const proxy = await startHttpServer((incoming, outgoing) => {
    const isObject = incoming.method === 'GET' && !(incoming.url ?? '').includes('list-type');
    const pass = (what: Meddling): void => {
      const upstream = request(
        // The signature is for the name of the one in front.
        { host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          let left = what === 'pass' ? Infinity : MEDDLED_BYTES;
          answer.on('data', (chunk: Buffer) => {
            outgoing.write(chunk.subarray(0, left));
            left -= chunk.length;
            if (left > 0) return;
            if (what === 'stall') answer.pause();
            else outgoing.destroy();
          });
          answer.on('end', () => outgoing.end());
        },
      );
      upstream.on('error', () => outgoing.destroy());
      upstream.end();
    };
    if (!isObject) pass('pass');
    else void meddle(++count).then(pass);
  });
  proxies.push(proxy);
  return proxy.origin;
}

describeConnector('S3Connector', async () => {
  await server.put('data', 'contract/a.csv', 'x\n1\n');
  await server.put('data', 'contract/b.csv', 'x\n2\n');
  await server.put('data', 'large.bin', Buffer.alloc(64 * 1024 * 1024, 'large'));
  const prefix = { prefix: 'contract/' };
  let largeCount = 0;
  const endpoint = await behind((count) => {
    largeCount = count;
    return Promise.resolve('stall');
  });
  const wrongKey = { user: server.accessKey, secret: `not-${CONTRACT_SECRET}`, sessionToken: '' };
  const noSuchKey = { user: 'nobody', secret: CONTRACT_SECRET, sessionToken: '' };
  return {
    connector: connector(),
    origin: origin(prefix),
    contentOf: contents,
    expected: [
      ['contract/a.csv', 'x\n1\n'],
      ['contract/b.csv', 'x\n2\n'],
    ],
    change: () => server.put('data', 'contract/b.csv', 'x\n3\n'),
    tellsUnchanged: true,
    large: {
      origin: origin({ key: 'large.bin' }, { endpoint }),
      started: () => eventually(() => largeCount > 0 || undefined),
    },
    failing: [
      {
        when: 'the secret key is wrong',
        code: 'source_denied',
        origin: { ...origin(prefix), credentials: wrongKey },
      },
      {
        when: 'the access key is unknown',
        code: 'source_denied',
        origin: { ...origin(prefix), credentials: noSuchKey },
      },
      { when: 'nobody logs in', code: 'source_denied', origin: { ...origin(prefix), credentials: null } },
      {
        when: 'there is no such bucket',
        code: 'source_data_absent',
        origin: origin(prefix, { bucket: 'nothing-here' }),
      },
      { when: 'there is no such key', code: 'source_data_absent', origin: origin({ key: 'nothing-here' }) },
      {
        when: 'nothing has the prefix',
        code: 'source_data_absent',
        origin: origin({ prefix: 'nothing-here' }),
      },
      {
        when: 'nobody listens',
        code: 'source_unreachable',
        origin: origin(prefix, { endpoint: 'http://127.0.0.1:1' }),
      },
      {
        when: 'the address is private',
        code: 'blocked_address',
        origin: origin(prefix, { endpoint: 'http://10.0.0.1:9000' }),
      },
    ].map((failing) => ({ ...failing, isSeenByCheck: true })),
    close: () => Promise.resolve(),
  };
});

describe('a prefix', () => {
  it('brings more than a page of objects, each once, in the order of their keys', async () => {
    const names = Array.from({ length: 1_050 }, (_, index) => `many/${index}.csv`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => server.put('data', name, name)));
    }
    const { entries, hasMore } = await connector().check(origin({ prefix: 'many/' }), never);
    expect([entries.length, hasMore]).toEqual([100, true]);
    const fetched = await connector().fetch(origin({ prefix: 'many/' }), newSink(), never);
    if (fetched === 'unchanged') throw new Error('unchanged since nothing');
    expect(await contents(fetched.files)).toEqual([...names].sort().map((name) => [name, name]));
  }, 60_000);

  it('finds keys with all kinds of characters, and leaves out markers of folders', async () => {
    const names = [
      'odd/Zürich – 東京.csv',
      "odd/a b+c&d=e?f#g%20h'(i)!*.csv",
      'odd/deep/er/x.csv',
      'odd/~tilde.csv',
    ];
    for (const name of names) await server.put('data', name, name);
    await server.put('data', 'odd/marker/', '');
    const sink = newSink();
    await connector().fetch(origin({ prefix: 'odd/' }), sink, never);
    const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await contents(sink.files)).toEqual(byBytes.map((name) => [name, name]));
    for (const key of names) {
      const { entries } = await connector().check(origin({ key }), never);
      expect(entries).toEqual([{ name: key, sizeBytes: Buffer.byteLength(key), mediaType: null }]);
    }
  });

  it('is refused before the first byte when it holds too much', async () => {
    await server.put('data', 'much/a', Buffer.alloc(600));
    await server.put('data', 'much/b', Buffer.alloc(600));
    const sink = newSink(1_000);
    expect(await failure(connector().fetch(origin({ prefix: 'much/' }), sink, never))).toMatchObject({
      kind: 'too_large',
      code: 'data_sources.fetch_too_large',
    });
    expect(sink.files).toEqual([]);
  });

  it('is told from what it was when an object has come, gone, or been replaced by another of the same size', async () => {
    const source = origin({ prefix: 'state/' });
    const state = async () => {
      const fetched = await connector().fetch(
        source,
        new FetchSink(await mkdtemp(join(folder, 's-')), { maxBytes: 1e6, maxFiles: 9 }),
        never,
      );
      return fetched === 'unchanged' ? fetched : fetched.validator;
    };
    await server.put('data', 'state/a', 'one');
    const validators = [await state()];
    await server.put('data', 'state/a', 'two');
    validators.push(await state());
    await server.put('data', 'state/b', 'two');
    validators.push(await state());
    await server.remove('data', 'state/a');
    validators.push(await state());
    expect(new Set(validators).size).toBe(4);
    const previous = { sha256: '', validator: validators[3] ?? '' };
    expect(await connector().fetch(source, newSink(), never, previous)).toBe('unchanged');
  });
});

describe('a source that changes or breaks off while it is read', () => {
  it('is taken up again where it broke off, as often as that brings it on', async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${index}\n`).join(''));
    await server.put('data', 'cut.csv', content);
    const endpoint = await behind((count) => Promise.resolve(count < 4 ? 'cut' : 'pass'));
    const sink = newSink();
    await connector().fetch(origin({ key: 'cut.csv' }, { endpoint }), sink, never);
    expect(content.equals(await readFile(sink.files[0]?.path ?? ''))).toBe(true);
    const ranges = proxies
      .at(-1)
      ?.requests.map(({ headers }) => headers.range)
      .filter((range) => range !== undefined);
    expect(ranges).toHaveLength(3);
  });

  it('fails when an object is replaced after it was listed', async () => {
    await server.put('data', 'moving/a', 'first');
    await server.put('data', 'moving/b', 'first');
    const endpoint = await behind(async (count) => {
      if (count === 1) await server.put('data', 'moving/b', 'other');
      return 'pass';
    });
    const refused = await failure(
      connector().fetch(origin({ prefix: 'moving/' }, { endpoint }), newSink(), never),
    );
    expect(refused).toMatchObject({ kind: 'unavailable', code: 'data_sources.source_changed' });
  });

  it('fails when an object is replaced between the two halves of a body that broke off', async () => {
    await server.put('data', 'halves', Buffer.alloc(1_000_000, 'a'));
    const endpoint = await behind(async (count) => {
      if (count === 2) await server.put('data', 'halves', Buffer.alloc(1_000_000, 'b'));
      return 'cut';
    });
    const sink = newSink();
    const refused = await failure(connector().fetch(origin({ key: 'halves' }, { endpoint }), sink, never));
    expect(refused).toMatchObject({ kind: 'unavailable', code: 'data_sources.source_changed' });
    expect(sink.files).toEqual([]);
  });
});

describe('an S3 server that is no good', () => {
  const bad: TestHttpServer[] = [];
  afterEach(async () => {
    for (const one of bad.splice(0)) await one.close();
  });

  async function answering(
    status: number,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const one = await startHttpServer((_, response) => response.writeHead(status, headers).end(body));
    bad.push(one);
    return failure(connector().check(origin({ prefix: 'x' }, { endpoint: one.origin }), never));
  }

  const page = (inside: string) => `<ListBucketResult>${inside}</ListBucketResult>`;

  it.each([
    ['no XML', 200, '{"files": []}', 'source_answer_refused'],
    ['another document', 200, '<Nothing/>', 'source_answer_refused'],
    [
      'an entity that grows',
      200,
      '<!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult>&a;</ListBucketResult>',
      'source_answer_refused',
    ],
    ['elements nested without end', 200, '<a>'.repeat(100_000), 'source_answer_refused'],
    ['an object without a size', 200, page('<Contents><Key>a</Key></Contents>'), 'source_answer_refused'],
    [
      'an object of absurd size',
      200,
      page('<Contents><Key>a</Key><Size>9e99</Size></Contents>'),
      'source_answer_refused',
    ],
    [
      'a listing that goes round',
      200,
      page('<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
      'source_answer_refused',
    ],
    ['a page without end', 200, 'x'.repeat(9 * 1024 * 1024), 'source_answer_refused'],
    ['no time', 503, '<Error><Code>SlowDown</Code></Error>', 'source_unavailable'],
    ['an error of its own', 418, 'teapot', 'source_answer_refused'],
    ['a denial without words', 403, '', 'source_denied'],
  ])('is told by its answer: %s', async (_, status, body, code) => {
    expect(await answering(status, body)).toMatchObject({ code: `data_sources.${code}` });
  });

  it('is not followed anywhere: a redirect names the region, and nobody else hears of the request', async () => {
    const canary = await startHttpServer();
    bad.push(canary);
    const refused = await answering(301, '', {
      location: `${canary.origin}/x`,
      'x-amz-bucket-region': 'eu-west-9',
    });
    expect(refused).toMatchObject({
      code: 'data_sources.s3_region_wrong',
      message: expect.stringContaining('eu-west-9') as string,
    });
    expect(canary.connections()).toBe(0);
  });

  it('cannot make a key of its listing lead to another bucket', async () => {
    const listing = page('<Contents><Key>x/../../secret/key</Key><Size>1</Size><ETag>"e"</ETag></Contents>');
    const one = await startHttpServer((_, response) => response.end(listing));
    bad.push(one);
    const sink = newSink();
    const work = connector().fetch(origin({ prefix: 'x' }, { endpoint: one.origin }), sink, never);
    expect(await failure(work)).toMatchObject({ code: 'data_sources.s3_refused' });
    expect(one.requests).toHaveLength(1);
  });
});

describe('an S3 source that is refused with 400 before anything is asked', () => {
  it.each([
    ['loopback', { endpoint: 'http://[::1]:9000' }, 'blocked_address'],
    ['an odd notation of loopback', { endpoint: 'http://2130706433:9000' }, 'blocked_address'],
    ['the metadata service', { endpoint: 'http://169.254.169.254' }, 'blocked_address'],
    ['a file', { endpoint: 'file:///etc' }, 'url_refused'],
    ['user information', { endpoint: 'http://user@example.com' }, 'url_refused'],
    ['a backslash', { endpoint: 'http://example.com\\@127.0.0.1/' }, 'url_refused'],
    ['an endpoint with a query', { endpoint: 'http://example.com/?x=' }, 's3_refused'],
    ['neither endpoint nor region', { endpoint: '', region: '' }, 's3_refused'],
    ['a region that is a host', { endpoint: '', region: 'evil.example/x' }, 's3_refused'],
    ['a bucket that is a path', { bucket: 'a/../b' }, 's3_refused'],
    ['a bucket that is an address', { bucket: 'arn:aws:s3:us-east-1:1:accesspoint/x' }, 's3_refused'],
    ['a bucket as a host below an address', { isPathStyle: false }, 's3_refused'],
    [
      'a bucket that would hide the host',
      { isPathStyle: false, bucket: 'x@y', endpoint: 'https://s3.test' },
      's3_refused',
    ],
    ['a key that leads elsewhere', { selection: { key: 'a/../../other/key' } }, 's3_refused'],
    ['a key of a dot', { selection: { key: './a' } }, 's3_refused'],
  ])('%s', async (_, changes, code) => {
    const refused = { kind: 'invalid', code: `data_sources.${code}` };
    const target = origin({ key: 'k' }, changes);
    const admit = () =>
      Promise.resolve().then(() => {
        connector().admit(target.config);
      });
    expect(await failure(admit())).toMatchObject(refused);
    expect(await failure(connector().check(target, never))).toMatchObject(refused);
  });
});
