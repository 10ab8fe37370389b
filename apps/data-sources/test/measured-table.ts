import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { MeasuredTable } from '../src/profiles/spread.js';
import { quoteText } from '../src/tables/sql.js';
import { profileTable } from '../src/tables/table-profile.js';
import type { ColumnKind } from '../src/tables/table.js';

/** A folder of its own and a database, for tests of what is computed on tables. */
export interface TableBench {
  readonly connection: DuckDBConnection;
  /** Writes the rows of a query as Parquet and returns the path. */
  write(select: string): Promise<string>;
  /** Writes the rows of a query as Parquet and profiles them. */
  table(select: string): Promise<MeasuredTable>;
  dispose(): Promise<void>;
}

/** Opens a bench; the caller disposes of it. */
export async function tableBench(): Promise<TableBench> {
  const folder = await mkdtemp(join(tmpdir(), 'aimass-tables-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  let tables = 0;
  const write = async (select: string): Promise<string> => {
    const path = join(folder, `table-${++tables}.parquet`);
    await connection.run(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`);
    return path;
  };
  return {
    connection,
    write,
    table: async (select) => {
      const path = await write(select);
      const reader = await connection.runAndReadAll(`SELECT * FROM ${quoteText(path)} LIMIT 0`);
      const types = reader.columnTypes().map(String);
      const columns = reader.columnNames().map((name, index) => ({ name, kind: types[index] as ColumnKind }));
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${quoteText(path)}`);
      const rowCount = Number(counted.getRows()[0]?.[0]);
      return { path, rowCount, columns: await profileTable(connection, { path, columns, rowCount }) };
    },
    dispose: async () => {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
