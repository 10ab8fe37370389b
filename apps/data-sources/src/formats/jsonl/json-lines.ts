import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { jsonlLineTooLong, jsonlNotUtf8 } from './jsonl.errors.js';

/** A longer line is refused. */
export const MAX_LINE_BYTES = 10_000_000;
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 10;
const BYTE_ORDER_MARK = '\ufeff';

/** One line of a file that is not blank. */
export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number;
  readonly text: string;
}

/** The lines of a file, holding no more than one and a chunk. Throws for a line that is too long or not UTF-8. */
export async function* linesOf(path: string, file: string | null, signal: AbortSignal): AsyncGenerator<Line> {
  let number = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const finish = (rest: Buffer): Line => {
    number++;
    const bytes = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
    pending = [];
    pendingBytes = 0;
    if (bytes.length > MAX_LINE_BYTES) throw jsonlLineTooLong({ line: number, file }, MAX_LINE_BYTES);
    if (!isUtf8(bytes)) throw jsonlNotUtf8({ line: number, file });
    const text = bytes.toString('utf8');
    return { number, text: number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
  };
  for await (const chunk of createReadStream(path, {
    highWaterMark: CHUNK_BYTES,
    signal,
  }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = finish(chunk.subarray(start, end));
      if (line.text.trim() !== '') yield line;
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > MAX_LINE_BYTES) throw jsonlLineTooLong({ line: number + 1, file }, MAX_LINE_BYTES);
  }
  const last = finish(Buffer.alloc(0));
  if (last.text.trim() !== '') yield last;
}
