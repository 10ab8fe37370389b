import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../../config.js';
import { Egress } from '../../net/egress.js';
import type { PostgresSourceConfig } from '../../sources/source-config.js';
import { withDuckDb } from '../../tables/duckdb.js';
import { parquetSource, writeParquet } from '../../tables/parquet.js';
import { Workspace } from '../../tables/workspace.js';
import type { Connector, Fetched, Listing, OriginOf } from '../connector.js';
import type { FetchSink } from '../fetch-sink.js';
import { sourceTimedOut } from '../reading.errors.js';
import { withPostgres } from './postgres-session.js';
import type { SessionTarget } from './postgres-session.js';
import { queryOf } from './postgres-target.js';
import { RowSpool } from './row-spool.js';
import { rowStream } from './row-stream.js';
import { spoolColumns } from './source-columns.js';

/** Reads a table or one query of a PostgreSQL server, as one Parquet file. */
@Injectable()
export class PostgresConnector implements Connector<'postgres'> {
  readonly kind = 'postgres';

  constructor(
    private readonly egress: Egress,
    private readonly workspace: Workspace,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** Refuses, without the network, what could never be read: rows 18 and 19 of the attacks. */
  async admit(config: PostgresSourceConfig): Promise<void> {
    await queryOf(config, this.egress);
  }

  async check(origin: OriginOf<'postgres'>, signal: AbortSignal): Promise<Listing> {
    const query = await queryOf(origin.config, this.egress);
    await withPostgres(this.target(origin, signal), (session) => spoolColumns(session, query));
    return { entries: [{ name: nameOf(origin.config), sizeBytes: null, mediaType: null }], hasMore: false };
  }

  async fetch(origin: OriginOf<'postgres'>, sink: FetchSink, signal: AbortSignal): Promise<Fetched> {
    // How slow the server may be is for its statement time-out: a query may think for long before the first row.
    const { FETCH_TIMEOUT_SECONDS: timeoutSeconds } = this.config;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort(sourceTimedOut(origin.config.host, timeoutSeconds));
    }, timeoutSeconds * 1000);
    try {
      return await this.fetchUntil(origin, sink, AbortSignal.any([signal, deadline.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  private async fetchUntil(
    origin: OriginOf<'postgres'>,
    sink: FetchSink,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const query = await queryOf(origin.config, this.egress);
    await this.workspace.use(async (folder) => {
      const lines = join(folder, 'rows.csv');
      const limits = { maxRows: this.config.POSTGRES_ROW_LIMIT, maxBytes: sink.bytesLeft };
      const spool = await withPostgres(this.target(origin, signal), async (session) => {
        const spool = new RowSpool(await spoolColumns(session, query), limits);
        const rows = rowStream(session, query, (row) => spool.line(row));
        await pipeline(rows, createWriteStream(lines, { flags: 'wx' }), { signal });
        return spool;
      });
      const table = join(folder, 'rows.parquet');
      await this.makeTable(folder, spool, { lines, table }, signal);
      const name = `${nameOf(origin.config)}.parquet`;
      const file = { name, mediaType: 'application/vnd.apache.parquet' };
      await sink.write(file, createReadStream(table), signal);
    });
    return { files: sink.files, location: locationOf(origin.config), validator: null };
  }

  private target(origin: OriginOf<'postgres'>, signal: AbortSignal): SessionTarget {
    const timeoutSeconds = this.config.POSTGRES_STATEMENT_TIMEOUT_SECONDS;
    return { egress: this.egress, origin, timeoutSeconds, signal };
  }

  private makeTable(
    folder: string,
    spool: RowSpool,
    { lines, table }: { readonly lines: string; readonly table: string },
    signal: AbortSignal,
  ): Promise<void> {
    return withDuckDb(
      folder,
      this.config,
      async (connection) => {
        await writeParquet(connection, spool.tableQuery(lines), spool.columns.length, table);
        const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${parquetSource(table)}`);
        const written = Number(reader.getRows()[0]?.[0]);
        // If the two ever disagree, no data may come of it.
        if (written !== spool.rowCount)
          throw new Error(`${spool.rowCount} rows came but ${written} were written`);
      },
      signal,
    );
  }
}

function nameOf({ selection }: PostgresSourceConfig): string {
  return 'table' in selection ? selection.table : 'query';
}

function locationOf(config: PostgresSourceConfig): string {
  return `postgres://${config.host}:${config.port}/${encodeURIComponent(config.database)} (${nameOf(config)})`;
}
