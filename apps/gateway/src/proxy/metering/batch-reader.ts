import { open } from 'node:fs/promises';
import { MAX_EVENTS, readRecord } from './spool-format.js';
import type { Segment } from './usage-spool.js';

/** Read at a time; a record is never larger (1,000 events of at most 4 KiB each are cut at 4 MiB). */
const READ_BYTES = 512 * 1024;
const LARGEST_RECORD_BYTES = 4 * 1024 * 1024 + 64;

/** Whole records of one segment, joined. */
export interface Batch {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
  /** A `UsageRecorded` message. */
  readonly message: Buffer;
}

/** The next records of a segment from `start`, at most 1,000 events; null when what is there cannot be read. */
export async function readBatch(segment: Segment, start: number): Promise<Batch | null> {
  const available = segment.length - start;
  const first = parse(segment, start, await readBytes(segment.path, start, Math.min(available, READ_BYTES)));
  if (first !== null || available <= READ_BYTES) return first;
  return parse(
    segment,
    start,
    await readBytes(segment.path, start, Math.min(available, LARGEST_RECORD_BYTES)),
  );
}

function parse(segment: Segment, start: number, bytes: Buffer): Batch | null {
  const payloads: Buffer[] = [];
  let events = 0;
  let offset = 0;
  for (let record = readRecord(bytes, 0); record !== null; record = readRecord(bytes, offset)) {
    if (events + record.events > MAX_EVENTS) break;
    events += record.events;
    payloads.push(record.payload);
    offset = record.end;
  }
  if (payloads.length === 0) return null;
  return { segment, start, end: start + offset, message: Buffer.concat(payloads) };
}

async function readBytes(path: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
