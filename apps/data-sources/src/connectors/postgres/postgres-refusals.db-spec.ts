import { eventually } from '@aimass/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  connector,
  database,
  failure,
  fetchFrom,
  login,
  never,
  newSink,
  origin,
  read,
  useSourceDatabase,
  where,
} from '../../../test/postgres-source.js';

useSourceDatabase();

beforeAll(() => database.query('CREATE TABLE kinds (id int)'));

describe('limits of a PostgreSQL source', () => {
  it('refuses more rows and more bytes than it may bring', async () => {
    const many = { query: 'SELECT n FROM generate_series(1, 1000) AS n' };
    const tooMany = connector({ POSTGRES_ROW_LIMIT: 999 }).fetch(origin(many), await newSink(), never);
    expect(await failure(tooMany)).toMatchObject({
      kind: 'too_large',
      code: 'data_sources.query_too_many_rows',
    });
    expect(await failure(connector().fetch(origin(many), await newSink(1000), never))).toMatchObject({
      kind: 'too_large',
      code: 'data_sources.fetch_too_large',
    });
  });

  it('ends a query that thinks for too long, on the server too', async () => {
    await database.query(`CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(600)'`);
    await database.query('CREATE VIEW sleepy AS SELECT slow() AS x');
    const started = Date.now();
    const impatient = connector({ POSTGRES_STATEMENT_TIMEOUT_SECONDS: 1 });
    expect(await failure(impatient.fetch(origin({ table: 'sleepy' }), await newSink(), never))).toMatchObject(
      {
        kind: 'timed_out',
        code: 'data_sources.query_timed_out',
      },
    );
    expect(Date.now() - started).toBeLessThan(10_000);
    await eventually(async () => (await running('sleepy')) === 0 || undefined);
  });

  it('waits for a lock no longer than for rows', async () => {
    await database.query('CREATE TABLE locked (id int)');
    await database.query('BEGIN; LOCK TABLE locked');
    const impatient = connector({ POSTGRES_STATEMENT_TIMEOUT_SECONDS: 1 });
    const refused = await failure(impatient.fetch(origin({ table: 'locked' }), await newSink(), never));
    await database.query('ROLLBACK');
    expect(refused).toMatchObject({ code: 'data_sources.query_timed_out' });
  });

  it('stops at once when it is told to, and the server stops soon after', async () => {
    const stop = new AbortController();
    const query = 'SELECT a FROM generate_series(1, 1000000000) AS a /* cancelled */';
    const work = failure(connector().fetch(origin({ query }), await newSink(), stop.signal));
    await eventually(async () => (await running('cancelled')) === 1 || undefined);
    const stopped = Date.now();
    stop.abort(new Error('told to stop'));
    expect((await work).message).toBe('told to stop');
    expect(Date.now() - stopped).toBeLessThan(2_000);
    await eventually(async () => (await running('cancelled')) === 0 || undefined, 20_000);
  });

  async function running(text: string): Promise<number> {
    const { rows } = await database.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid() AND state <> 'idle'`,
      [`%${text}%`],
    );
    return Number(rows[0]?.count);
  }
});

describe('what a PostgreSQL source may not do', () => {
  it.each([
    ["COPY kinds TO PROGRAM 'touch /tmp/x'"],
    ["SELECT pg_read_file('/etc/passwd')"],
    ["SELECT ('/etc/passwd'::text).pg_read_file"],
    ["SELECT lo_export(1, '/tmp/x')"],
    ["SELECT * FROM dblink('host=127.0.0.1', 'select 1') AS t (x int)"],
    ['SELECT 1; DROP TABLE kinds'],
    ['SELECT pg_sleep(600)'],
  ])('refuses %s with 400 before it connects', async (query) => {
    const refused = { kind: 'invalid', code: 'data_sources.query_refused' };
    const elsewhere = origin({ query }, { port: 1 });
    expect(await failure(connector().admit(elsewhere.config))).toMatchObject(refused);
    expect(await failure(connector().check(elsewhere, never))).toMatchObject(refused);
    expect(await failure(connector().fetch(elsewhere, await newSink(), never))).toMatchObject(refused);
  });

  it('cannot write through a function of the database either', async () => {
    await database.query(`CREATE TABLE written (id int);
      CREATE FUNCTION upper(kinds) RETURNS int LANGUAGE sql AS 'INSERT INTO written VALUES (1) RETURNING id';
      INSERT INTO kinds (id) VALUES (7)`);
    const refused = await failure(fetchFrom({ query: 'SELECT upper(k) AS x FROM kinds k' }));
    expect(refused).toMatchObject({ kind: 'invalid', code: 'data_sources.query_refused' });
    expect((await database.query('SELECT * FROM written')).rows).toEqual([]);
  });

  it('reads texts with backslashes as the check does, whatever the role has set', async () => {
    const { rows: roles } = await database.query<{ role: string }>('SELECT current_user AS role');
    await database.query(
      `ALTER ROLE "${roles[0]?.role ?? ''}" IN DATABASE ${where.database} SET standard_conforming_strings = off`,
    );
    try {
      const query = `SELECT 'a\\' AS x, ' || pg_sleep(1) || ' AS y`;
      expect(await read({ query })).toMatchObject({ rows: [['a\\', ' || pg_sleep(1) || ']] });
    } finally {
      await database.query(`ALTER ROLE "${roles[0]?.role ?? ''}" IN DATABASE ${where.database} RESET ALL`);
    }
  });

  it.each([
    ['a socket file', { host: '/var/run/postgresql' }, 'host_refused'],
    ['a list of hosts', { host: 'example.com,127.0.0.1' }, 'host_refused'],
    ['settings in the host', { host: 'example.com options=-c' }, 'host_refused'],
    ['an odd notation of loopback', { host: '2130706433' }, 'blocked_address'],
    ['a hexadecimal one', { host: '0x7f.1' }, 'blocked_address'],
    ['an octal one', { host: '017700000001' }, 'blocked_address'],
    ['IPv6 loopback', { host: '::1' }, 'blocked_address'],
    ['a mapped address', { host: '[::ffff:10.0.0.1]' }, 'blocked_address'],
    ['the metadata service', { host: '169.254.169.254' }, 'blocked_address'],
    ['a unique local address', { host: 'fd00::1' }, 'blocked_address'],
    ['a private network', { host: '10.0.0.1' }, 'blocked_address'],
    ['settings in the database', { database: 'postgres\0options\0-c log_statement=all' }, 'postgres_refused'],
    ['authorities that are none', { caCertificate: 'trust me' }, 'postgres_refused'],
    ['a table that is a statement', { selection: { table: 'kinds; DROP TABLE kinds' } }, 'postgres_refused'],
    ['a table that is a query', { selection: { table: '(SELECT 1) x' } }, 'postgres_refused'],
    ['the table of passwords', { selection: { table: 'pg_catalog.pg_authid' } }, 'postgres_refused'],
    ['the table of passwords in quotes', { selection: { table: '"pg_authid"' } }, 'postgres_refused'],
  ])('refuses %s with 400', async (_, changes, code) => {
    const refused = { kind: 'invalid', code: `data_sources.${code}` };
    const target = origin({ table: 'kinds' }, changes);
    expect(await failure(connector().admit(target.config))).toMatchObject(refused);
    expect(await failure(connector().check(target, never))).toMatchObject(refused);
  });

  it('refuses a role that would be a setting of the connection', async () => {
    const target = { ...origin({ table: 'kinds' }), credentials: { ...login, user: 'a\0options\0-c x=y' } };
    expect(await failure(connector().check(target, never))).toMatchObject({
      kind: 'invalid',
      code: 'data_sources.postgres_refused',
    });
  });
});
