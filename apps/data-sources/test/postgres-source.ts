import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { configSchema } from '../src/config.js';
import type { Config } from '../src/config.js';
import type { OriginOf } from '../src/connectors/connector.js';
import { FetchSink } from '../src/connectors/fetch-sink.js';
import { PostgresConnector } from '../src/connectors/postgres/postgres.connector.js';
import { parseAllowList } from '../src/net/allow-list.js';
import { Egress } from '../src/net/egress.js';
import type { PostgresSourceConfig, SourceCredentials } from '../src/sources/source-config.js';
import { withDuckDb } from '../src/tables/duckdb.js';
import { Workspace } from '../src/tables/workspace.js';

export const never = new AbortController().signal;
export const tableLimits = { TABLE_MEMORY_MB: 512, TABLE_THREADS: 1 };
let home: string;
/** A source database, for the tests to fill. */
export let database: Client;
export let where: Pick<PostgresSourceConfig, 'host' | 'port' | 'database'>;
export let login: SourceCredentials;

/** Gives the tests of a file a database to read from, and a folder of their own each. */
export function useSourceDatabase(): void {
  beforeAll(async () => {
    // The tests of a file share its name, so that a connector may outlive one of them.
    home = await mkdtemp(join(tmpdir(), 'aimass-postgres-'));
    const url = new URL(await createTestDatabase());
    where = { host: url.hostname, port: Number(url.port), database: url.pathname.slice(1) };
    login = { user: url.username, secret: decodeURIComponent(url.password), sessionToken: '' };
    database = new Client({ connectionString: url.href });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await mkdir(home, { recursive: true });
  });
  afterEach(async () => {
    // Every fetch takes its temporary files with it, whether it went well or not.
    const left = await readdir(join(home, 'tmp', 'data-sources')).catch(() => []);
    await rm(home, { recursive: true, force: true });
    expect(left).toEqual([]);
  });
}

/** A connector that may reach the servers of the tests, whatever they are called. */
export function connector(settings: Partial<Config> = {}): PostgresConnector {
  const config = {
    ...tableLimits,
    HOME_DIR: home,
    POSTGRES_STATEMENT_TIMEOUT_SECONDS: 20,
    POSTGRES_ROW_LIMIT: configSchema.shape.POSTGRES_ROW_LIMIT.parse(undefined),
    FETCH_TIMEOUT_SECONDS: 60,
    ...settings,
  } as Config;
  const egress = new Egress(parseAllowList('127.0.0.1'), () =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  );
  return new PostgresConnector(egress, new Workspace(config), config);
}

export type Selection = PostgresSourceConfig['selection'];

/** What to read from the database of the tests. */
export function origin(
  selection: Selection,
  changes: Partial<PostgresSourceConfig> = {},
): OriginOf<'postgres'> {
  const config = {
    kind: 'postgres',
    ...where,
    selection,
    sslMode: 'disable',
    caCertificate: '',
    ...changes,
  } as const;
  return { kind: 'postgres', organizationId: 'org_1', config, credentials: login };
}

/** A new folder to fetch into. */
export async function newSink(maxBytes = 1e12): Promise<FetchSink> {
  return new FetchSink(await mkdtemp(join(home, 'sync-')), { maxBytes, maxFiles: 10 });
}

/** Fetches; returns the only file. */
export async function fetchFrom(selection: Selection) {
  const { files } = await connector().fetch(origin(selection), await newSink(), never);
  const [file, ...others] = files;
  if (!file || others.length > 0) throw new Error(`${files.length} files instead of one`);
  return file;
}

/** Fetches and reads back: names, types and rows. */
export async function read(selection: Selection) {
  const { path } = await fetchFrom(selection);
  return withDuckDb(join(path, '..'), tableLimits, async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    return {
      names: reader.columnNames(),
      types: reader.columnTypes().map(String),
      rows: reader.getRowsJson(),
    };
  });
}

/** What the work fails with. */
export async function failure(
  work: Promise<unknown>,
): Promise<{ code?: string; kind?: string; message: string; cause?: unknown }> {
  return (await work.then(
    () => new Error('it went well'),
    (error: unknown) => error,
  )) as Error;
}
