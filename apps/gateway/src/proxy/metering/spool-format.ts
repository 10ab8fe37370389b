import { crc32 } from 'node:zlib';

/**
 * A segment is a row of records; a record is what one turn of the event loop wrote:
 *
 *     uint32 LE  length of the payload in bytes
 *     uint32 LE  CRC-32 of the next field and the payload
 *     uint16 LE  number of events
 *     payload    the fields of a `UsageRecorded` message
 *
 * Payloads can be joined end to end and are then one `UsageRecorded` message: that is how protobuf merges repeated
 * fields, and it lets the shipper publish without decoding.
 */
export const HEADER_BYTES = 10;
const CRC_OFFSET = 4;
const COUNT_OFFSET = 8;
/** Events in one record, and in one published message, at most. */
export const MAX_EVENTS = 1_000;
/** A longer payload cannot be genuine. */
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** One record as read. */
export interface SpoolRecord {
  readonly events: number;
  readonly payload: Buffer;
  /** Where the next record starts. */
  readonly end: number;
}

/** A record around a payload. */
export function frameRecord(payload: Uint8Array, events: number): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt16LE(events, COUNT_OFFSET);
  record.set(payload, HEADER_BYTES);
  record.writeUInt32LE(crc32(record.subarray(COUNT_OFFSET)), CRC_OFFSET);
  return record;
}

/** The record that starts at `offset`, or null when it is cut off or damaged. */
export function readRecord(bytes: Buffer, offset: number): SpoolRecord | null {
  if (offset + HEADER_BYTES > bytes.length) return null;
  const length = bytes.readUInt32LE(offset);
  const end = offset + HEADER_BYTES + length;
  if (length === 0 || length > MAX_PAYLOAD_BYTES || end > bytes.length) return null;
  if (crc32(bytes.subarray(offset + COUNT_OFFSET, end)) !== bytes.readUInt32LE(offset + CRC_OFFSET))
    return null;
  const events = bytes.readUInt16LE(offset + COUNT_OFFSET);
  return { events, payload: bytes.subarray(offset + HEADER_BYTES, end), end };
}

/** How many bytes of a segment hold whole records; what follows is a torn tail. */
export function wholeLength(bytes: Buffer): number {
  let offset = 0;
  for (let record = readRecord(bytes, 0); record !== null; record = readRecord(bytes, offset))
    offset = record.end;
  return offset;
}
