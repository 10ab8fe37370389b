import { Envelope, streamOf } from '@aimass/contracts';
import { ensureStream } from '@aimass/platform-messaging';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyLog } from '../ports.js';
import { readBatch } from './batch-reader.js';
import type { Batch } from './batch-reader.js';
import { ShippedMark } from './shipped-mark.js';
import type { Mark } from './shipped-mark.js';
import type { Segment, UsageSpool } from './usage-spool.js';

const SUBJECT = 'gateway.v1.usage.recorded';
const PUBLISH_TIMEOUT_MS = 5_000;
const FIRST_BACKOFF_MS = 250;
const LAST_BACKOFF_MS = 2_000;
/** With nothing to ship, the open segment is looked at this often, so that an old one is closed. */
const IDLE_MS = 10_000;
/** Less than about 500 events. */
const SMALL_BYTES = 128 * 1024;
/** How long stopping waits for what is left; the rest is shipped by the next process on this folder. */
const STOP_MS = 2_000;

/**
 * Moves the spool to JetStream: reads whole records, publishes, waits for the acknowledgement, then moves the mark and
 * removes segments that are done. Until the mark has moved, a crash publishes the same events again: their ids make
 * that harmless in the ledger.
 */
export class UsageShipper {
  private readonly mark: ShippedMark;
  private position: Mark | null;
  private running: Promise<void> | undefined;
  private isStopping = false;
  private isStreamThere = false;
  private backoffMs = FIRST_BACKOFF_MS;
  private wake: () => void = () => undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly spool: UsageSpool,
    private readonly log: ProxyLog,
    private readonly delayMs: number,
  ) {
    this.mark = new ShippedMark(spool.folder);
    this.position = this.mark.read();
  }

  start(): void {
    this.spool.onCommit = () => this.wake();
    this.running = this.run();
  }

  /** Ships what is there while that goes quickly, and ends. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake();
    await Promise.race([this.running, delay(STOP_MS, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    for (;;) {
      const hasMore = await this.step();
      if (this.isStopping && !hasMore) return;
      if (!hasMore) await this.sleep();
      // Under steady load something is always new: let it gather, or every message would carry a handful of events.
      else if (this.isCaughtUp() && !this.isStopping) await delay(this.delayMs);
    }
  }

  /** Does one step of the work. False when there is none, or when stopping and it does not succeed. */
  private async step(): Promise<boolean> {
    try {
      this.spool.rotate();
      const segment = this.nextSegment();
      if (segment === undefined) return false;
      await this.ship(segment);
      this.backoffMs = FIRST_BACKOFF_MS;
      return true;
    } catch (error) {
      if (this.isStopping) return false;
      if (this.backoffMs === FIRST_BACKOFF_MS) this.log.warn(`usage waits in the spool: ${String(error)}`);
      await delay(this.backoffMs);
      this.backoffMs = Math.min(LAST_BACKOFF_MS, this.backoffMs * 2);
      return true;
    }
  }

  /** The oldest segment that needs something done: records shipped, or its file removed. */
  private nextSegment(): Segment | undefined {
    return this.spool
      .segments()
      .find((segment) => segment.isClosed || this.offsetIn(segment) < segment.length);
  }

  /** Whether less than a good message's worth waits. */
  private isCaughtUp(): boolean {
    const segments = this.spool.segments();
    const [last] = segments;
    return segments.length <= 1 && last !== undefined && last.length - this.offsetIn(last) < SMALL_BYTES;
  }

  private offsetIn(segment: Segment): number {
    if (this.position === null || segment.id > this.position.segment) return 0;
    return segment.id === this.position.segment ? this.position.offset : segment.length;
  }

  private async ship(segment: Segment): Promise<void> {
    const start = this.offsetIn(segment);
    if (start >= segment.length) return this.finish(segment);
    const batch = await readBatch(segment, start);
    if (batch === null) return this.setAside(segment, start);
    await this.publish(batch);
    this.position = { segment: segment.id, offset: batch.end };
    await this.mark.write(this.position);
  }

  private async publish(batch: Batch): Promise<void> {
    if (!this.isStreamThere) {
      await ensureStream(await jetstreamManager(this.nats), streamOf(SUBJECT));
      this.isStreamThere = true;
    }
    const id = messageId(batch);
    const envelope: Envelope = {
      id,
      subject: SUBJECT,
      occurredAt: new Date(),
      aggregateId: batch.segment.id,
      traceparent: '',
      data: batch.message,
    };
    try {
      const options = { msgID: id, timeout: PUBLISH_TIMEOUT_MS };
      await jetstream(this.nats).publish(SUBJECT, Envelope.encode(envelope).finish(), options);
    } catch (error) {
      this.isStreamThere = false;
      throw error;
    }
  }

  private async finish(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true });
    this.spool.forget(segment.id);
  }

  /** A damaged segment keeps its file, for whoever looks into it; the rest of the spool goes on. */
  private async setAside(segment: Segment, start: number): Promise<void> {
    if (!segment.isClosed) throw new Error(`${segment.path} cannot be read at ${start}`);
    this.log.error(
      `usage spool: ${segment.path} is damaged from byte ${start}; kept as ${segment.path}.damaged`,
    );
    await rename(segment.path, `${segment.path}.damaged`);
    this.spool.forget(segment.id);
  }

  /** Until something is committed, and a moment longer so that more gathers. */
  private async sleep(): Promise<void> {
    if (this.isStopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        this.wake = () => undefined;
        resolve();
      };
    });
    await delay(this.delayMs);
  }
}

/**
 * Deterministic for a range of a segment, as a UUID (version 8). The end belongs to it: after a crash the same start
 * may be shipped with more records behind it, and must not be taken for the shorter message that was published before.
 */
export function messageId({
  segment,
  start,
  end,
}: Pick<Batch, 'start' | 'end'> & { segment: { id: string } }): string {
  const hash = createHash('sha256').update(`${segment.id}:${start}:${end}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
