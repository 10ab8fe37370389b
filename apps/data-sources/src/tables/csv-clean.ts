import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { detectSeparator } from './csv-header.js';
import { CsvScanner } from './csv-scanner.js';
import { TextCheck } from './csv-text.js';

/** How much of a file is looked at to find its separator. */
const HEAD_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What the cleaned file holds. */
export interface CleanCsv {
  readonly names: readonly string[];
  readonly separator: string;
  readonly rowCount: number;
  readonly droppedRowCount: number;
}

/**
 * Rewrites an uploaded CSV file canonically (see CsvScanner) in constant memory. Throws a DomainError that names the
 * line for a file that is not a clean table. Stops when `signal` aborts.
 */
export async function cleanCsv(source: string, target: string, signal: AbortSignal): Promise<CleanCsv> {
  const head = await readHead(source);
  const start = head.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const separator = detectSeparator(head.subarray(start));
  const scanner = new CsvScanner(separator);
  await pipeline(
    createReadStream(source, { start, highWaterMark: CHUNK_BYTES }),
    (chunks: AsyncIterable<Buffer>) => canonicalRows(chunks, scanner),
    createWriteStream(target, { flags: 'wx' }),
    { signal },
  );
  const { header, rowCount, droppedRowCount } = scanner;
  return { names: header ?? [], separator: String.fromCharCode(separator), rowCount, droppedRowCount };
}

async function* canonicalRows(chunks: AsyncIterable<Buffer>, scanner: CsvScanner): AsyncGenerator<Buffer> {
  const text = new TextCheck();
  for await (const chunk of chunks) {
    text.check(chunk);
    yield scanner.write(chunk);
  }
  text.end();
  yield scanner.end();
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
