import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BlobStore } from '@aimass/platform-blobs';
import { encodePreprocessing, preparedColumns } from '@aimass/platform-model-files';
import { BLOBS } from '@aimass/platform-service';
import { parquetSource, writeParquet } from '../tables/parquet.js';
import { quoteText } from '../tables/sql.js';
import { TableEngine } from '../tables/table-engine.js';
import { Workspace } from '../tables/workspace.js';
import { fitTransforms } from '../transforms/fit.js';
import type { FittedStep } from '../transforms/fit.js';
import { preparedList } from '../transforms/prepared-sql.js';
import { columnsOf } from '../transforms/typed-column.js';
import { makeMembership } from './membership.js';
import type { SplitChoice } from './split-choice.js';
import { PARTS } from './split-plan.js';
import type { SplitPart } from './split.entity.js';

/** What a split is made of. */
export interface MadeSplit {
  /** Parts that have rows. */
  readonly parts: readonly SplitPart[];
  /** Empty when nothing is fitted. */
  readonly preprocessingSha256: string;
}

/** How membership is written. */
export type MembershipFormat = 'parquet' | 'csv';

const CHUNK_BYTES = 512 * 1024;

/** The table work of splits: who is in which part, the fit on train, and the parts themselves. */
@Injectable()
export class SplitTables {
  constructor(
    private readonly tables: TableEngine,
    private readonly workspace: Workspace,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /**
   * Splits a snapshot. `assertSizes` is told how many rows each of PARTS has before anything is written, and throws when
   * that will not do. Fitted steps see the rows of train alone; every part has been through them.
   */
  make(
    snapshotSha256: string,
    choice: SplitChoice,
    fitted: readonly FittedStep[],
    assertSizes: (sizes: readonly number[]) => void,
  ): Promise<MadeSplit> {
    return this.workspace.use(async (folder) => {
      const table = join(folder, 'table.parquet');
      await this.blobs.copyTo(snapshotSha256, table);
      const source = parquetSource(table);
      const written = await this.tables.inDatabase(
        folder,
        new AbortController().signal,
        async (connection) => {
          const sizes = await makeMembership(connection, source, choice);
          assertSizes(sizes);
          const shape = await shapeOf(connection, source, fitted);
          await writeParts(connection, { source, sizes, folder, shape });
          return { sizes, preprocessing: shape.preprocessing };
        },
      );
      const parts: SplitPart[] = [];
      for (const [index, name] of PARTS.entries()) {
        const rowCount = written.sizes[index] ?? 0;
        if (rowCount > 0)
          parts.push({ name, rowCount, ...(await this.blobs.putFile(partPath(folder, name))) });
      }
      return { parts, preprocessingSha256: await this.keep(written.preprocessing) };
    });
  }

  /** Which row is in which part: `row_index` (from 0) and `part`, in the order of the rows. */
  async *exportMembership(
    snapshotSha256: string,
    choice: SplitChoice,
    format: MembershipFormat,
  ): AsyncGenerator<Buffer> {
    const stopped = new AbortController();
    const through = new PassThrough({ highWaterMark: CHUNK_BYTES });
    // The database is given back before the first byte leaves, so that a slow reader keeps nobody waiting.
    const writing = this.workspace.use(async (folder) => {
      const table = join(folder, 'table.parquet');
      const path = join(folder, `membership.${format}`);
      await this.blobs.copyTo(snapshotSha256, table);
      await this.tables.inDatabase(folder, stopped.signal, async (connection) => {
        await makeMembership(connection, parquetSource(table), choice);
        await writeMembership(connection, path, format);
      });
      await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), through);
    });
    writing.catch((error: unknown) => through.destroy(error as Error));
    try {
      for await (const chunk of through) yield chunk as Buffer;
    } finally {
      stopped.abort();
      through.destroy();
      await writing.catch(() => undefined);
    }
  }

  private async keep(preprocessing: string | null): Promise<string> {
    if (preprocessing === null) return '';
    return (await this.blobs.put(Buffer.from(preprocessing))).sha256;
  }
}

/** What the rows of a part look like. */
interface PartShape {
  /** A SELECT list over `data`. */
  readonly list: string;
  readonly columnCount: number;
  /** The canonical document; null when nothing is fitted. */
  readonly preprocessing: string | null;
}

async function shapeOf(
  connection: DuckDBConnection,
  source: string,
  fitted: readonly FittedStep[],
): Promise<PartShape> {
  const columns = await columnsOf(connection, source);
  if (fitted.length === 0) return { list: 'data.*', columnCount: columns.length, preprocessing: null };
  const train = `(SELECT data.* FROM ${rowsOf(source, 0)}) AS data`;
  const preprocessing = await fitTransforms({ connection, train }, columns, fitted);
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return {
    list: preparedList(preprocessing, types),
    columnCount: preparedColumns(preprocessing).length,
    preprocessing: encodePreprocessing(preprocessing),
  };
}

async function writeParts(
  connection: DuckDBConnection,
  made: { source: string; sizes: readonly number[]; folder: string; shape: PartShape },
): Promise<void> {
  const { source, sizes, folder, shape } = made;
  for (const [index, name] of PARTS.entries()) {
    if (!sizes[index]) continue;
    const rows = `SELECT ${shape.list} FROM ${rowsOf(source, index)}`;
    await writeParquet(connection, rows, shape.columnCount, partPath(folder, name));
  }
}

/** The rows of a part as `data`. The positional join pairs the n-th row with the n-th membership: no column can clash. */
function rowsOf(source: string, part: number): string {
  return `${source} AS data POSITIONAL JOIN membership WHERE membership.part = ${part}`;
}

async function writeMembership(
  connection: DuckDBConnection,
  path: string,
  format: MembershipFormat,
): Promise<void> {
  const names = PARTS.map((name, part) => `WHEN ${part} THEN ${quoteText(name)}`);
  const rows = `SELECT CAST(row_index AS BIGINT) AS row_index, CASE part ${names.join(' ')} END AS part
    FROM membership ORDER BY row_index`;
  if (format === 'parquet') return writeParquet(connection, rows, 2, path);
  await connection.run(`COPY (${rows}) TO ${quoteText(path)} (FORMAT csv, HEADER)`);
}

function partPath(folder: string, part: string): string {
  return join(folder, `part-${part}.parquet`);
}
