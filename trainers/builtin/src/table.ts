import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { TrainingFailure } from './training-failure.js';

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

export interface Column {
  name: string;
  /** DuckDB's name of the type. */
  type: string;
  isNumeric: boolean;
}

/** Numeric columns of the rows that have a finite value in each of them. */
export interface Table {
  rows: number;
  /** Rows left out because a used column was empty, NaN or infinite. */
  dropped: number;
  columns: Map<string, Float64Array>;
}

/** Reads Parquet files with one in-memory DuckDB. */
export class ParquetReader {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<ParquetReader> {
    const instance = await DuckDBInstance.create(':memory:');
    return new ParquetReader(instance, await instance.connect());
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  async columns(files: string[]): Promise<Column[]> {
    const rows = await this.query(`DESCRIBE SELECT * FROM ${source(files)}`, (reader) =>
      reader.getRowObjectsJS(),
    );
    // DESCRIBE answers with text columns only.
    return (rows as { column_name: string; column_type: string }[]).map((row) => ({
      name: row.column_name,
      type: row.column_type,
      isNumeric: NUMERIC.test(row.column_type),
    }));
  }

  /** Throws TrainingFailure when a column is absent or the files cannot be read. */
  async read(files: string[], names: string[]): Promise<Table> {
    const [total = 0] = await this.query(`SELECT count(*)::DOUBLE FROM ${source(files)}`, (reader) =>
      reader.getColumnsJS().map((column) => Number(column[0])),
    );
    const casts = names.map((name) => `${identifier(name)}::DOUBLE AS ${identifier(name)}`);
    const finite = names.map((name) => `isfinite(${identifier(name)}::DOUBLE)`);
    const sql = `SELECT ${casts.join(', ')} FROM ${source(files)} WHERE ${finite.join(' AND ')}`;
    const columns = await this.query(sql, (reader) => reader.getColumnsJS());
    const rows = columns[0]?.length ?? 0;
    return {
      rows,
      dropped: total - rows,
      columns: new Map(names.map((name, index) => [name, Float64Array.from(columns[index] ?? [], Number)])),
    };
  }

  private async query<T>(
    sql: string,
    take: (reader: Awaited<ReturnType<DuckDBConnection['runAndReadAll']>>) => T,
  ): Promise<T> {
    try {
      return take(await this.connection.runAndReadAll(sql));
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new TrainingFailure(`The Parquet files cannot be read: ${reason}`);
    }
  }
}

function source(files: string[]): string {
  return `read_parquet([${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')}])`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
