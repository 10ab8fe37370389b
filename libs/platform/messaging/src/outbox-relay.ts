import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Client } from 'pg';
import { OUTBOX_CHANNEL } from './outbox.js';
import { ensureStream } from './streams.js';

/** Arbitrary, the same in every service: whoever holds it in a service's database is that service's relay. */
const RELAY_LOCK = 4243;
const BATCH = 100;
const POLL_MS = 1_000;
/** Published rows are kept this long, so that a wiped stream can be rebuilt. */
const KEEP_PUBLISHED = '14 days';

interface OutboxRow {
  readonly id: string;
  readonly subject: string;
  readonly envelope: Buffer;
}

/**
 * Moves the outbox to JetStream: one relay per service, elected by an advisory lock. It reads the unpublished rows in
 * order of id, publishes each with its id as message id, and marks it only after the server's acknowledgement. A row
 * that was published but not marked is published again; the stream's window and every inbox make that harmless.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly databaseUrl: string,
    private readonly stream: string,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.relayWhileConnected().catch((error: unknown) => {
        if (!this.stopping.signal.aborted) this.logger.warn(`outbox relay starts again: ${String(error)}`);
      });
      if (!this.stopping.signal.aborted) await this.idle(POLL_MS);
    }
  }

  /** Holds one connection of its own: for the lock, for LISTEN, and for the outbox itself. */
  private async relayWhileConnected(): Promise<void> {
    const db = new Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
    let broken: Error | undefined;
    db.on('error', (error) => {
      broken = error;
      this.wake();
    });
    db.on('notification', () => this.wake());
    try {
      await db.connect();
      if (!(await this.becomeLeader(db))) return;
      await db.query(`LISTEN ${OUTBOX_CHANNEL}`);
      await ensureStream(await jetstreamManager(this.nats), this.stream);
      const client = jetstream(this.nats, { timeout: 5_000 });
      while (!this.stopping.signal.aborted && !broken) {
        const moved = await this.publishBatch(db, client);
        if (moved < BATCH) await this.idle(POLL_MS);
      }
    } finally {
      await db.end().catch(() => undefined);
    }
  }

  private async becomeLeader(db: Client): Promise<boolean> {
    const { rows } = await db.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [RELAY_LOCK]);
    if (rows[0]?.locked !== true) return false;
    await db.query(`DELETE FROM outbox WHERE published_at < now() - interval '${KEEP_PUBLISHED}'`);
    return true;
  }

  private async publishBatch(db: Client, client: JetStreamClient): Promise<number> {
    const { rows } = await db.query<OutboxRow>(
      `SELECT id, subject, envelope FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${BATCH}`,
    );
    if (rows.length === 0) return 0;
    const outcomes = await Promise.allSettled(
      rows.map((row) => client.publish(row.subject, row.envelope, { msgID: row.id, timeout: 5_000 })),
    );
    // Stop at the first failure: what follows is published again, in order, by the next round.
    const failedAt = outcomes.findIndex((outcome) => outcome.status === 'rejected');
    const published = rows.slice(0, failedAt === -1 ? rows.length : failedAt).map((row) => row.id);
    await db.query(`UPDATE outbox SET published_at = now() WHERE id = ANY($1::uuid[])`, [published]);
    const failure = outcomes[failedAt];
    if (failure?.status === 'rejected') {
      await db.query(`UPDATE outbox SET attempts = attempts + 1 WHERE id = $1`, [rows[failedAt]?.id]);
      throw failure.reason;
    }
    return rows.length;
  }

  private idle(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
