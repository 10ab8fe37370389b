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
  readonly aggregate_id: string;
  readonly envelope: Buffer;
}

/**
 * Moves the outbox to JetStream: one relay per service, elected by an advisory lock. It reads the unpublished rows in
 * order of id, publishes each with its id as message id, and marks it only after the server's acknowledgement. Rows of
 * one aggregate follow each other only once acknowledged, so that a refused event is never overtaken. A row that was
 * published but not marked is published again; the stream's window and every inbox make that harmless.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  private hasNews = false;

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
    while (!this.isStopping()) {
      await this.relayWhileConnected().catch((error: unknown) => {
        if (!this.isStopping()) this.logger.warn(`outbox relay starts again: ${String(error)}`);
      });
      if (!this.isStopping()) await this.idle(POLL_MS);
    }
  }

  /** Holds one connection of its own: for the lock, for LISTEN, and for the outbox itself. */
  private async relayWhileConnected(): Promise<void> {
    const db = new Client({
      connectionString: this.databaseUrl,
      connectionTimeoutMillis: 10_000,
      query_timeout: 30_000,
    });
    const connection = { isBroken: false };
    db.on('error', () => {
      connection.isBroken = true;
      this.wake();
    });
    db.on('notification', () => {
      this.hasNews = true;
      this.wake();
    });
    try {
      await db.connect();
      if (!(await this.becomeLeader(db))) return;
      await db.query(`LISTEN ${OUTBOX_CHANNEL}`);
      await ensureStream(await jetstreamManager(this.nats), this.stream);
      const client = jetstream(this.nats, { timeout: 5_000 });
      while (!this.isStopping() && !connection.isBroken) {
        const moved = await this.publishBatch(db, client);
        if (moved < BATCH && !this.takeNews()) await this.idle(POLL_MS);
      }
    } finally {
      await db.end().catch(() => undefined);
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Whether events were committed since the last time: they may have come after the last batch was read. */
  private takeNews(): boolean {
    const { hasNews } = this;
    this.hasNews = false;
    return hasNews;
  }

  private async becomeLeader(db: Client): Promise<boolean> {
    const { rows } = await db.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
      RELAY_LOCK,
    ]);
    if (rows[0]?.locked !== true) return false;
    await db.query(`DELETE FROM outbox WHERE published_at < now() - interval '${KEEP_PUBLISHED}'`);
    return true;
  }

  private async publishBatch(db: Client, client: JetStreamClient): Promise<number> {
    const { rows } = await db.query<OutboxRow>(
      `SELECT id, subject, aggregate_id, envelope FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${BATCH}`,
    );
    if (rows.length === 0) return 0;
    const outcomes = await Promise.all(byAggregate(rows).map((chain) => publishInOrder(client, chain)));
    const published = outcomes.flatMap((outcome) => outcome.published);
    await db.query(`UPDATE outbox SET published_at = now() WHERE id = ANY($1::uuid[])`, [published]);
    const failures = outcomes.flatMap((outcome) => outcome.failure ?? []);
    if (failures[0] === undefined) return rows.length;
    const failed = failures.map((failure) => failure.id);
    await db.query(`UPDATE outbox SET attempts = attempts + 1 WHERE id = ANY($1::uuid[])`, [failed]);
    throw failures[0].reason;
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

interface Outcome {
  readonly published: string[];
  readonly failure?: { readonly id: string; readonly reason: unknown };
}

/** Stops at the first failure: what follows waits for the next round. */
async function publishInOrder(client: JetStreamClient, rows: readonly OutboxRow[]): Promise<Outcome> {
  const published: string[] = [];
  for (const row of rows) {
    try {
      await client.publish(row.subject, row.envelope, { msgID: row.id, timeout: 5_000 });
    } catch (reason) {
      return { published, failure: { id: row.id, reason } };
    }
    published.push(row.id);
  }
  return { published };
}

function byAggregate(rows: readonly OutboxRow[]): OutboxRow[][] {
  const chains = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    const chain = chains.get(row.aggregate_id);
    if (chain) chain.push(row);
    else chains.set(row.aggregate_id, [row]);
  }
  return [...chains.values()];
}
