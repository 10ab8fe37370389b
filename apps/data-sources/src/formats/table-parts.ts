import { join } from 'node:path';
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from '../tables/sql.js';

/** Rows of one part: DuckDB's vector size, so that a part is read back as one chunk. */
export const PART_ROWS = 2048;
/** Where a part is cut when its rows are large. */
const PART_BYTES = 32 * 1024 * 1024;

/**
 * Collects rows with large values in Parquet files of a bounded size, so that neither collecting nor reading them holds
 * more than a part in memory. Read back in order, each part is one chunk.
 */
export class TableParts {
  private readonly paths: string[] = [];
  private appender: DuckDBAppender | undefined;
  private rowCount = 0;
  private sizeBytes = 0;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly folder: string,
    /** Columns with their types, quoted, as in CREATE TABLE. */
    private readonly definition: string,
  ) {}

  /** Adds what `write` appends: at most PART_ROWS rows. */
  async add(rowCount: number, sizeBytes: number, write: (appender: DuckDBAppender) => void): Promise<void> {
    const isFull = this.rowCount + rowCount > PART_ROWS || this.sizeBytes + sizeBytes > PART_BYTES;
    if (isFull && this.rowCount > 0) await this.flush();
    this.appender ??= await this.begin();
    write(this.appender);
    this.rowCount += rowCount;
    this.sizeBytes += sizeBytes;
  }

  /** A table function that gives all rows in the order in which they were added. */
  async source(): Promise<string> {
    if (this.rowCount > 0) await this.flush();
    return `read_parquet([${this.paths.map(quoteText).join(', ')}], hive_partitioning = false)`;
  }

  private async begin(): Promise<DuckDBAppender> {
    await this.connection.run(`CREATE TEMP TABLE part (${this.definition})`);
    return this.connection.createAppender('part');
  }

  private async flush(): Promise<void> {
    this.appender?.closeSync();
    this.appender = undefined;
    const path = join(this.folder, `part-${this.paths.length}.parquet`);
    await this.connection.run(
      `COPY part TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE ${PART_ROWS})`,
    );
    await this.connection.run('DROP TABLE part');
    this.paths.push(path);
    this.rowCount = 0;
    this.sizeBytes = 0;
  }
}
