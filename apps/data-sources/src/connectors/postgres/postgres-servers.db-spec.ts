import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { eventually } from '@aimass/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  connector,
  database,
  failure,
  never,
  newSink,
  origin,
  useSourceDatabase,
  where,
} from '../../../test/postgres-source.js';
import { selfSigned } from '../../../test/self-signed.js';

useSourceDatabase();

beforeAll(() => database.query('CREATE TABLE kinds (id int)'));

const stray: Server[] = [];
afterEach(() => {
  for (const server of stray.splice(0)) server.close();
});

/** A server that does this with each connection; returns its port. */
async function serve(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  stray.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return (server.address() as AddressInfo).port;
}

describe('TLS to a PostgreSQL server', () => {
  const certificate = selfSigned('db.test');
  let port: number;
  beforeEach(async () => {
    // The real server behind a door that speaks TLS.
    port = await serve((socket) => {
      socket.once('data', () => {
        socket.write('S');
        const inside = new TLSSocket(socket, { isServer: true, ...certificate });
        const server = connect(where.port, where.host);
        inside.on('error', () => server.destroy());
        server.on('error', () => inside.destroy());
        inside.pipe(server).pipe(inside);
      });
    });
  });

  it.each([
    ['require', 'db.test', false],
    ['require', 'other.test', true],
    ['verify-full', 'db.test', true],
  ] as const)('works with %s for %s, authorities given: %s', async (sslMode, host, isGiven) => {
    const caCertificate = isGiven ? certificate.cert : '';
    const target = origin({ query: 'SELECT 1 AS one' }, { host, port, sslMode, caCertificate });
    expect((await connector().check(target, never)).entries).toHaveLength(1);
  });

  it.each([
    ['an unknown authority', 'verify-full', 'db.test', false],
    ['another name', 'verify-full', 'other.test', true],
    ['another authority', 'require', 'db.test', true],
  ] as const)('refuses a certificate of %s', async (what, sslMode, host, isGiven) => {
    const trusted = what === 'another authority' ? selfSigned('db.test') : certificate;
    const caCertificate = isGiven ? trusted.cert : '';
    const target = origin({ query: 'SELECT 1 AS one' }, { host, port, sslMode, caCertificate });
    expect(await failure(connector().check(target, never))).toMatchObject({
      kind: 'unprocessable',
      code: 'data_sources.source_certificate_refused',
    });
  });
});

describe('a PostgreSQL server that is no good', () => {
  it('is told from one that is not there', async () => {
    expect(await failure(connector().check(origin({ table: 'kinds' }, { port: 1 }), never))).toMatchObject({
      kind: 'unavailable',
      code: 'data_sources.source_unreachable',
    });
  });

  it('is not spoken to in the clear when TLS is asked for', async () => {
    let said = Buffer.alloc(0);
    const port = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        said = Buffer.concat([said, chunk]);
        socket.write('N');
      });
    });
    for (const sslMode of ['require', 'verify-full'] as const) {
      const refused = await failure(connector().check(origin({ table: 'kinds' }, { port, sslMode }), never));
      expect(refused).toMatchObject({ code: 'data_sources.source_without_tls' });
    }
    // Two requests for TLS of eight bytes each, and nothing else.
    expect(said.length).toBe(16);
  });

  it('hears no password when the login fails, and neither does anybody else', async () => {
    const wrong = { user: 'nobody_of_that_name', secret: 'wrong-password-4711', sessionToken: '' };
    const target = { ...origin({ table: 'kinds' }), credentials: wrong };
    const refused = await failure(connector().check(target, never));
    expect(refused.code).toBe('data_sources.source_denied');
    const shown = JSON.stringify([refused, refused.message, String((refused as { cause?: unknown }).cause)]);
    expect(shown).not.toContain(wrong.secret);
    expect(shown).not.toContain(wrong.user);
  });

  it('cannot fill the memory with a message that never ends', async () => {
    const port = await serve((socket) => {
      socket.once('data', () => {
        // Logged in, and then a row of 2 GB.
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]));
        socket.write(Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff]));
        const more = (): void => {
          if (socket.writable) socket.write(Buffer.alloc(1024 * 1024), more);
        };
        more();
      });
    });
    const before = process.memoryUsage().rss;
    const refused = await failure(connector().check(origin({ table: 'kinds' }, { port }), never));
    expect(refused).toMatchObject({ code: 'data_sources.query_row_too_large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
  });

  it('dies in the middle: the fetch fails, and leaves nothing', async () => {
    const query =
      'SELECT n, repeat(md5(n::text), 50) AS pad FROM generate_series(1, 10000000) AS n /* dies */';
    const sink = await newSink();
    const work = failure(connector().fetch(origin({ query }), sink, never));
    await eventually(async () => {
      const { rowCount } = await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE query LIKE '%dies%' AND query NOT LIKE '%LIMIT 0%' AND pid <> pg_backend_pid()`,
      );
      return rowCount === 1 || undefined;
    });
    expect(await work).toMatchObject({ kind: 'unavailable' });
    expect(sink.files).toEqual([]);
  });

  it('has no such table or database', async () => {
    const absent = { code: 'data_sources.source_data_absent' };
    expect(await failure(connector().check(origin({ table: 'nothing_here' }), never))).toMatchObject(absent);
    const elsewhere = origin({ table: 'kinds' }, { database: 'nothing_here' });
    expect(await failure(connector().check(elsewhere, never))).toMatchObject(absent);
  });

  it('fails the query, and says why', async () => {
    const refused = await failure(connector().check(origin({ query: 'SELECT nothing FROM kinds' }), never));
    expect(refused).toMatchObject({ kind: 'unprocessable', code: 'data_sources.query_failed' });
    expect(refused.message).toContain('column "nothing" does not exist');
    const twice = await failure(connector().check(origin({ query: 'SELECT 1 AS a, 2 AS "A"' }), never));
    expect(twice).toMatchObject({ code: 'data_sources.query_columns_refused' });
  });
});
