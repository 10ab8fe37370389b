import { CARRIAGE_RETURN, LINE_FEED } from './csv-bytes.js';
import { csvRowTooLong } from '../../tables/tables.errors.js';
import { checkText } from './csv-text.js';
import { RowGroups } from './row-groups.js';
import { MAX_ROW_BYTES, RowScanner } from './row-scanner.js';
import type { TextSource } from './text-source.js';
import type { CsvDialect } from './value-scanner.js';
import { ValueScanner } from './value-scanner.js';

/** Read at a time unless told. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** The row that a read has cut comes before the next one. */
const CARRY_BYTES = MAX_ROW_BYTES + 1;

/** What a file holds. */
export interface CsvRows {
  readonly names: readonly string[];
  /** Files of canonical rows, each but the last with as many rows as a row group. */
  readonly paths: readonly string[];
  readonly rowCount: number;
  readonly droppedRowCount: number;
  /** Of each column the bits of SEEN of its values. */
  readonly seen: readonly number[];
  /** How missing values are written, the empty one aside. */
  readonly markers: readonly string[];
}

/** Where to write, and when to stop. */
export interface CsvWork {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Read at a time. */
  readonly chunkBytes?: number;
}

/**
 * Reads CSV text in constant memory and writes its rows canonically into `folder`. Throws a DomainError that names the line
 * for text that is not a clean table. Stops when `signal` aborts.
 */
export async function readCsv(
  source: TextSource,
  dialect: CsvDialect,
  { folder, signal, chunkBytes = CHUNK_BYTES }: CsvWork,
): Promise<CsvRows> {
  const values = new ValueScanner(dialect);
  const groups = new RowGroups(folder, CARRY_BYTES + chunkBytes + 1);
  const scanner = new RowScanner(dialect, values, groups);
  try {
    await scanAll(source, { values, groups, scanner, signal, chunkBytes });
  } finally {
    await groups.close();
  }
  scanner.finish();
  const names = scanner.header ?? [];
  const { rowCount, droppedRowCount } = scanner;
  const seen = [...values.seen.subarray(0, names.length)];
  return { names, paths: groups.paths, rowCount, droppedRowCount, seen, markers: [...values.markers].sort() };
}

interface Scan {
  readonly signal: AbortSignal;
  readonly chunkBytes: number;
  readonly values: ValueScanner;
  readonly groups: RowGroups;
  readonly scanner: RowScanner;
}

/** Reads the next chunk and writes the last one while one is scanned. */
async function scanAll(source: TextSource, scan: Scan): Promise<void> {
  const { signal, chunkBytes } = scan;
  let [chunk, next] = [newChunk(chunkBytes), newChunk(chunkBytes)];
  let carry: Buffer = Buffer.alloc(0);
  let writing = Promise.resolve();
  let reading = fill(source, chunk, chunkBytes);
  try {
    for (let isLast = false; !isLast;) {
      const length = await reading;
      signal.throwIfAborted();
      isLast = length < chunkBytes;
      // Before the next read overwrites it.
      carry.copy(chunk, CARRY_BYTES - carry.length);
      if (!isLast) reading = fill(source, next, chunkBytes);
      const text = { start: CARRY_BYTES - carry.length, end: CARRY_BYTES + length, isLast };
      const rest = scanChunk(chunk, text, scan);
      await writing;
      writing = scan.groups.flush();
      carry = chunk.subarray(rest, text.end);
      [chunk, next] = [next, chunk];
    }
  } finally {
    // Neither may touch the files once they are closed; what went wrong first is what is thrown.
    await Promise.allSettled([writing, reading]);
  }
  await writing;
}

/** Scans the whole lines of a chunk and returns where the rest starts. */
function scanChunk(
  chunk: Buffer,
  { start, end, isLast }: { start: number; end: number; isLast: boolean },
  { values, scanner }: Scan,
): number {
  const linesEnd = isLast ? end : start + endOfLines(chunk.subarray(start, end));
  checkText(chunk.subarray(start, linesEnd), values.line, isLast);
  const cut = chunk[linesEnd];
  const rest = scanner.scan(chunk, start, linesEnd, isLast);
  // The scanner has put a line feed there.
  chunk[linesEnd] = cut ?? 0;
  if (!isLast && end - rest > MAX_ROW_BYTES) throw csvRowTooLong(values.line, MAX_ROW_BYTES);
  return rest;
}

function endOfLines(text: Buffer): number {
  const lineFeed = text.lastIndexOf(LINE_FEED);
  return (lineFeed >= 0 ? lineFeed : text.lastIndexOf(CARRIAGE_RETURN)) + 1;
}

/** A carried row, what is read, and the byte behind it that the scanner needs. */
function newChunk(chunkBytes: number): Buffer {
  return Buffer.allocUnsafe(CARRY_BYTES + chunkBytes + 1);
}

async function fill(source: TextSource, chunk: Buffer, chunkBytes: number): Promise<number> {
  let filled = 0;
  while (filled < chunkBytes) {
    const read = await source.read(chunk, CARRY_BYTES + filled, chunkBytes - filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
