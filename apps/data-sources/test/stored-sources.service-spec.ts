import { dataSources, syncs } from '@aimass/contracts';
import type { sources } from '@aimass/contracts';
import { createTestDatabase, startS3Server } from '@aimass/testing';
import type { S3Server } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, httpSource, newKey, newOrganization, openHome } from './sources-harness.js';
import type { SourcesHome, SourcesUnderTest } from './sources-harness.js';

const COMPILE_MS = 15 * 60_000;
const { SUCCEEDED, UNCHANGED, FAILED } = syncs.SyncState;
const organizationId = newOrganization();
let home: SourcesHome;
let under: SourcesUnderTest;

beforeAll(async () => {
  home = await openHome();
  under = await home.start({ SECRETS_KEYS: newKey('k1'), POSTGRES_STATEMENT_TIMEOUT_SECONDS: 1 });
});
afterAll(() => home.dispose());

async function create(
  config: NonNullable<sources.SourceConfig['config']>,
  credentials: sources.SourceCredentials,
): Promise<sources.Source> {
  const request = httpSource(organizationId, '', { config: { config }, credentials });
  const { source } = await under.sources.createSource(request);
  return source as sources.Source;
}

async function run({ id: source }: sources.Source): Promise<syncs.Sync> {
  const { sync } = await under.sources.syncSource({ organizationId, requestId: '', source });
  return ended(under, organizationId, sync?.id ?? '');
}

async function version({ datasetVersionId: versionId }: syncs.Sync): Promise<dataSources.DatasetVersion> {
  const request = { organizationId, dataset: '', number: 0, versionId };
  return (await under.datasets.getDatasetVersion(request)).version as dataSources.DatasetVersion;
}

async function rows(source: sources.Source, number: number): Promise<string[][]> {
  const request = { organizationId, dataset: source.datasetName, number, limit: 100, offset: '0' };
  const { rows } = await under.datasets.previewDatasetVersion(request);
  return rows.map(({ values }) => values);
}

describe('a source on an S3-compatible store', () => {
  let server: S3Server;

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket('sales');
    await server.put('sales', 'daily/2026-01-02.csv', 'town,amount\nBern,2\n');
    await server.put('sales', 'daily/2026-01-01.csv', 'town,amount\nBern,1\nBiel,3\n');
  }, COMPILE_MS);
  afterAll(() => server.stop());

  function below(prefix: string): Promise<sources.Source> {
    const { endpoint, region, accessKey, secretKey } = server;
    const selection = { $case: 'prefix', prefix, value: prefix } as const;
    const value = { endpoint, region, bucket: 'sales', selection, isPathStyle: true };
    const credentials = { user: accessKey, secret: secretKey, sessionToken: '' };
    return create({ $case: 's3', value }, credentials);
  }

  it('makes one table of all objects below a prefix, and a new version only when one of them has changed', async () => {
    const source = await below('daily/');
    const first = await run(source);
    expect(first).toMatchObject({ state: SUCCEEDED, importedRows: '3' });
    expect(await rows(source, 1)).toEqual([
      ['Bern', '1'],
      ['Biel', '3'],
      ['Bern', '2'],
    ]);
    expect(await run(source)).toMatchObject({ state: UNCHANGED, datasetVersionId: first.datasetVersionId });
    await server.put('sales', 'daily/2026-01-03.csv', 'town,amount\nThun,4\n');
    expect(await version(await run(source))).toMatchObject({ number: 2, rowCount: '4' });
  });

  it('gives a column of several files one type, and keeps what stands in them', async () => {
    await server.put('sales', 'mixed/a.csv', 'code,amount,town\n007,1,Bern\n');
    await server.put('sales', 'mixed/b.csv', 'town,code,amount\nBiel,A12,2.5\n');
    const source = await below('mixed/');
    expect(await run(source)).toMatchObject({ state: SUCCEEDED });
    expect(await rows(source, 1)).toEqual([
      ['007', '1.0', 'Bern'],
      ['A12', '2.5', 'Biel'],
    ]);
  });

  it('makes no table of files with other columns, and names the one that cannot be read', async () => {
    await server.put('sales', 'differ/a.csv', 'a,b\n1,2\n');
    await server.put('sales', 'differ/b.csv', 'a,c\n1,2\n');
    expect(await run(await below('differ/'))).toMatchObject({
      state: FAILED,
      error: { code: 'data_sources.csv_files_differ' },
    });
    await server.put('sales', 'differ/b.csv', 'a,b\n1\n');
    const { error } = await run(await below('differ/'));
    expect(error?.message).toContain('differ/b.csv: ');
  });

  it('says what it would read', async () => {
    const source = await below('daily/');
    const { entries, hasMore } = await under.sources.checkSource({ organizationId, source: source.id });
    expect(entries.map(({ name }) => name)).toContain('daily/2026-01-01.csv');
    expect(hasMore).toBe(false);
  });
});

describe('a source on PostgreSQL', () => {
  let database: Client;
  let value: Omit<sources.PostgresSource, 'selection'>;
  let credentials: sources.SourceCredentials;

  beforeAll(async () => {
    const url = new URL(await createTestDatabase());
    const { hostname: host, port, pathname, username: user, password } = url;
    value = { host, port: Number(port), database: pathname.slice(1), sslMode: 'disable', caCertificate: '' };
    credentials = { user, secret: decodeURIComponent(password), sessionToken: '' };
    database = new Client({ connectionString: url.href });
    await database.connect();
  });
  afterAll(() => database.end());

  it('keeps the types of its columns', async () => {
    await database.query(`CREATE TABLE kinds AS SELECT 7::bigint AS whole, 0.5::float8 AS half, 1.25::numeric(8,2) AS exact,
      true AS flag, '007'::text AS code, date '2024-02-29' AS day, timestamptz '2024-02-29 12:00+02' AS moment,
      '{"a": 1}'::jsonb AS doc, '\\x00ff'::bytea AS raw, ARRAY[1, 2] AS list`);
    const source = await create(
      { $case: 'postgres', value: { ...value, selection: { $case: 'table', value: 'kinds' } } },
      credentials,
    );
    const sync = await run(source);
    expect(sync).toMatchObject({ state: SUCCEEDED });
    const { columns } = await version(sync);
    const { INTEGER, DOUBLE, BOOLEAN, TEXT, TIMESTAMP } = dataSources.ColumnType;
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual({
      whole: INTEGER,
      half: DOUBLE,
      exact: DOUBLE,
      flag: BOOLEAN,
      code: TEXT,
      day: TIMESTAMP,
      moment: TIMESTAMP,
      doc: TEXT,
      raw: TEXT,
      list: TEXT,
    });
    expect(await rows(source, 1)).toEqual([
      ['7', '0.5', '1.25', 'true', '007', '2024-02-29', '2024-02-29 10:00:00', '{"a": 1}', 'AP8=', '[1,2]'],
    ]);
  });

  it('fails, and makes no version, when a query takes too long', async () => {
    const query =
      'SELECT sum(a * b * c) FROM generate_series(1, 10000) a, generate_series(1, 10000) b, generate_series(1, 10000) c';
    const source = await create(
      { $case: 'postgres', value: { ...value, selection: { $case: 'query', value: query } } },
      credentials,
    );
    expect(await run(source)).toMatchObject({
      state: FAILED,
      error: { code: 'data_sources.query_timed_out' },
      datasetVersionId: '',
    });
  });

  it('is refused when it is made with a query that does not only read', async () => {
    const query = "SELECT pg_read_file('/etc/passwd')";
    const made = create(
      { $case: 'postgres', value: { ...value, selection: { $case: 'query', value: query } } },
      credentials,
    );
    await expect(made).rejects.toMatchObject({ kind: 'invalid', code: 'data_sources.query_refused' });
  });
});
