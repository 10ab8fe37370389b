import { AsyncByteQueue, RecordBatch, RecordBatchStreamWriter, Schema, Struct, makeData } from 'apache-arrow';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetSource } from '../tables/parquet.js';
import { arrowColumn } from './arrow-columns.js';
import type { StoredColumn } from './table-columns.js';

/** The rows of a Parquet file as an Arrow IPC stream, in file order: one record batch for some thousand rows. */
export async function* arrowRows(
  connection: DuckDBConnection,
  path: string,
  columns: readonly StoredColumn[],
): AsyncGenerator<Buffer> {
  const arrow = columns.map(arrowColumn);
  const fields = arrow.map(({ field }) => field);
  const schema = new Schema(fields);
  const written = new Written();
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(written, schema);
  yield written.take();
  // One thread: a download goes as fast as its reader, and leaves the others to imports.
  await connection.run('SET threads = 1');
  const values = arrow.map(({ value }) => value).join(', ');
  const result = await connection.stream(`SELECT ${values} FROM ${parquetSource(path)}`);
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    const rows = chunk;
    const children = arrow.map((column, index) => column.toData(rows.getColumnValues(index)));
    const data = makeData({ type: new Struct(fields), length: rows.rowCount, nullCount: 0, children });
    writer.write(new RecordBatch(schema, data));
    yield written.take();
  }
  writer.finish();
  yield written.take();
}

/** Holds what the writer has written until it is taken, so that no more than a batch is in memory. */
class Written extends AsyncByteQueue {
  private parts: Uint8Array[] = [];

  override write(bytes: Uint8Array): void {
    this.parts.push(bytes);
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    return bytes;
  }
}
