import { gatewayEvents } from '@aimass/contracts';
import { mkdirSync, readFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import type { DataPlaneTuning, ProxyLog } from '../ports.js';
import { SegmentWriter } from './segment-writer.js';
import { frameRecord, MAX_EVENTS, wholeLength } from './spool-format.js';
import { lockSpool } from './spool-lock.js';

/** A metered fact. */
export type UsageEvent = gatewayEvents.UsageEvent;

/** Hears whether the event is kept. */
export type Committed = (error: Error | null) => void;

/** A closed or open segment, for the shipper. */
export interface Segment {
  /** UUIDv7 of its creation: unique for ever, and in order. */
  readonly id: string;
  readonly path: string;
  /** Bytes of whole records; grows while the segment is open. */
  readonly length: number;
  readonly isClosed: boolean;
}

const SUFFIX = '.usage';

/**
 * The append-only record of answered calls on the local disk. All events of one turn of the event loop are written by
 * one `write`, and only then are their answers let go: what was answered is recorded, also when the process is killed
 * right after. One process per folder.
 */
export class UsageSpool {
  private readonly release: () => void;
  private readonly closed: Segment[];
  private open: { readonly id: string; readonly writer: SegmentWriter } | undefined;
  private events: UsageEvent[] = [];
  private waiting: Committed[] = [];
  private isFull = false;
  /** Called after each commit. */
  onCommit: () => void = () => undefined;

  constructor(
    readonly folder: string,
    private readonly tuning: Pick<DataPlaneTuning, 'segmentBytes' | 'segmentMs' | 'isSpoolSynced'>,
    private readonly log: ProxyLog,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.release = lockSpool(folder);
    this.closed = recoverSegments(folder, log);
  }

  /** Segments that hold records, oldest first. */
  segments(): Segment[] {
    return this.open ? [...this.closed, describe(this.open)] : [...this.closed];
  }

  /** Records an event; `committed` is called once it is kept, or with the reason why it is not. */
  append(event: UsageEvent, committed: Committed): void {
    this.events.push(event);
    this.waiting.push(committed);
    if (this.events.length === 1) setImmediate(() => this.commit());
  }

  /** Forgets a closed segment whose records are shipped. The file is the caller's to remove. */
  forget(id: string): void {
    const index = this.closed.findIndex((segment) => segment.id === id);
    if (index >= 0) this.closed.splice(index, 1);
  }

  /** Closes the open segment when it is large or old enough. */
  rotate(): void {
    const writer = this.open?.writer;
    if (!writer || !this.open) return;
    const { segmentBytes, segmentMs } = this.tuning;
    if (writer.length < segmentBytes && writer.ageMs < segmentMs) return;
    this.closeOpen();
  }

  /** Writes what waits and gives the folder back. */
  close(): void {
    if (this.events.length > 0) this.commit();
    this.closeOpen();
    this.release();
  }

  private commit(): void {
    const { events, waiting } = this;
    if (events.length === 0) return;
    this.events = [];
    this.waiting = [];
    const error = this.write(events);
    this.tell(error);
    for (const committed of waiting) committed(error);
    if (error === null) this.onCommit();
  }

  private write(events: readonly UsageEvent[]): Error | null {
    try {
      this.rotate();
      this.open ??= this.openNext();
      this.open.writer.append(encodeRecords(events));
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  private openNext(): { id: string; writer: SegmentWriter } {
    const id = uuidv7();
    return { id, writer: new SegmentWriter(join(this.folder, `${id}${SUFFIX}`), this.tuning.isSpoolSynced) };
  }

  private closeOpen(): void {
    if (!this.open) return;
    const { open } = this;
    open.writer.close();
    this.closed.push({ ...describe(open), isClosed: true });
    this.open = undefined;
  }

  private tell(error: Error | null): void {
    if ((error !== null) === this.isFull) return;
    this.isFull = error !== null;
    if (error) this.log.error(`usage cannot be recorded, so predictions are refused: ${error.message}`);
    else this.log.log('usage is recorded again');
  }
}

function describe({ id, writer }: { id: string; writer: SegmentWriter }): Segment {
  return { id, path: writer.path, length: writer.length, isClosed: false };
}

function encodeRecords(events: readonly UsageEvent[]): Buffer {
  if (events.length <= MAX_EVENTS) return encodeRecord(events);
  const records: Buffer[] = [];
  for (let start = 0; start < events.length; start += MAX_EVENTS) {
    records.push(encodeRecord(events.slice(start, start + MAX_EVENTS)));
  }
  return Buffer.concat(records);
}

function encodeRecord(events: readonly UsageEvent[]): Buffer {
  const payload = gatewayEvents.UsageRecorded.encode({ events: events as UsageEvent[] }).finish();
  return frameRecord(payload, events.length);
}

/** The segments that an earlier process left; the tail that a crash tore is cut off the newest. */
function recoverSegments(folder: string, log: ProxyLog): Segment[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort();
  return names.map((name, index) => {
    const path = join(folder, name);
    const size = statSync(path).size;
    const length = index === names.length - 1 ? wholeLength(readFileSync(path)) : size;
    if (length < size) {
      log.warn(`usage spool: ${size - length} bytes of an unfinished write cut off ${name}`);
      truncateSync(path, length);
    }
    return { id: name.slice(0, -SUFFIX.length), path, length, isClosed: true };
  });
}
