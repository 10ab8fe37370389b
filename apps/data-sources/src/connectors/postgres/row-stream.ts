import { Readable } from 'node:stream';
import { Query } from 'pg';
import type { PostgresSession } from './postgres-session.js';

/** So many rows are asked for at a time from the open portal, which is the protocol's cursor. */
const ROWS_PER_TURN = 1_000;
const CHUNK_CHARACTERS = 256 * 1024;

type Row = readonly (string | null)[];

/** Every value as the text that the server sends. */
const RAW = { getTypeParser: () => (value: string) => value };

/**
 * The rows of a query as text, each made by `line`, in constant memory: while nobody reads, the connection is paused,
 * and the server waits. What `line` throws ends the stream.
 */
export function rowStream(
  { client, wire }: PostgresSession,
  text: string,
  line: (row: Row) => string,
): Readable {
  let pending = '';
  const stream = new Readable({ highWaterMark: CHUNK_CHARACTERS, read: () => void wire.stream.resume() });
  const flush = (): void => {
    if (pending !== '' && !stream.push(pending)) wire.stream.pause();
    pending = '';
  };
  const query = new Query({ text, rowMode: 'array', types: RAW, rows: ROWS_PER_TURN } as never);
  query.on('row', (row: unknown) => {
    if (stream.destroyed) return;
    try {
      pending += line(row as Row);
    } catch (error) {
      stream.destroy(error as Error);
      return;
    }
    if (pending.length >= CHUNK_CHARACTERS) flush();
  });
  query.on('error', (error) => stream.destroy(error));
  query.on('end', () => {
    flush();
    stream.push(null);
  });
  client.query(query);
  return stream;
}
