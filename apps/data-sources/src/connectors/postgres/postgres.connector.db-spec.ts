import { dirname } from 'node:path';
import { eventually } from '@aimass/testing';
import {
  connector,
  database,
  login,
  origin,
  tableLimits,
  useSourceDatabase,
} from '../../../test/postgres-source.js';
import { withDuckDb } from '../../tables/duckdb.js';
import { CONTRACT_SECRET, describeConnector } from '../connector.contract-spec.js';
import type { FetchedFile } from '../connector.js';

useSourceDatabase();

describeConnector('PostgresConnector', async () => {
  await database.query('CREATE TABLE town (id int, name text)');
  await database.query("INSERT INTO town VALUES (1, 'Bern'), (2, NULL)");
  await database.query('CREATE TABLE secret (id int); REVOKE ALL ON secret FROM CURRENT_USER');
  const large = 'SELECT n, md5(n::text) AS digest FROM generate_series(1, 5000000) AS n /* large */';
  const wrongPassword = { ...login, secret: CONTRACT_SECRET };
  return {
    connector: connector(),
    origin: origin({ table: 'town' }),
    contentOf: rowsOf,
    expected: [
      ['1', 'Bern'],
      ['2', null],
    ],
    change: async () => {
      await database.query("UPDATE town SET name = 'Biel' WHERE id = 2");
    },
    // A server does not tell whether a table has changed; the digest of what was read does.
    tellsUnchanged: false,
    large: { origin: origin({ query: large }), started: () => eventually(isLargeRunning) },
    failing: [
      {
        when: 'the password is wrong',
        code: 'source_denied',
        origin: { ...origin({ table: 'town' }), credentials: wrongPassword },
      },
      { when: 'the role may not read', code: 'source_denied', origin: origin({ table: 'secret' }) },
      { when: 'there is no such table', code: 'source_data_absent', origin: origin({ table: 'nowhere' }) },
      { when: 'nobody listens', code: 'source_unreachable', origin: origin({ table: 'town' }, { port: 1 }) },
      {
        when: 'the address is private',
        code: 'blocked_address',
        origin: origin({ table: 'town' }, { host: '10.0.0.1' }),
      },
      {
        when: 'the query is no SELECT',
        code: 'query_refused',
        origin: origin({ query: 'DELETE FROM town' }),
      },
    ].map((failing) => ({ ...failing, isSeenByCheck: true })),
    close: () => Promise.resolve(),
  };
});

async function rowsOf([file]: readonly FetchedFile[]): Promise<unknown> {
  const { path = '' } = file ?? {};
  return withDuckDb(dirname(path), tableLimits, async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    return reader.getRowsJson();
  });
}

async function isLargeRunning(): Promise<true | undefined> {
  const { rowCount } = await database.query(
    `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%large%' AND query NOT LIKE '%LIMIT 0%' AND pid <> pg_backend_pid()`,
  );
  return (rowCount ?? 0) > 0 || undefined;
}
