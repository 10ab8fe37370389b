import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Envelope, trainingEvents } from '@aimass/contracts';
import { childEnvironment } from '@aimass/platform-config';
import { startServers } from '@aimass/platform-embedded';
import type { RunningServers } from '@aimass/platform-embedded';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MESSAGING_TABLES } from './messaging-tables.js';
import { MessagingModule, NATS } from './messaging.module.js';
import { OnEvent } from './on-event.js';
import { emit } from './outbox.js';

const MAX_DELIVERIES = 10;

/** Deliveries of events that this process fails to handle. */
let failures = 0;

@Injectable()
class Listener {
  @OnEvent('training.v1.job.failed', 'test__hear')
  async hear(event: trainingEvents.JobFailed, tx: EntityManager): Promise<void> {
    await tx.query('INSERT INTO heard (job_id, code) VALUES ($1, $2)', [event.jobId, event.code]);
  }

  @OnEvent('training.v1.job.cancelled', 'test__choke')
  async choke(event: trainingEvents.JobCancelled, tx: EntityManager): Promise<void> {
    await tx.query('INSERT INTO heard (job_id, code) VALUES ($1, $2)', [event.jobId, 'choked']);
    if (event.organizationId !== 'poison') return;
    failures += 1;
    throw new Error('cannot handle this');
  }
}

@Module({})
class DatabaseModule {
  static with(db: DataSource): DynamicModule {
    const provider = { provide: getDataSourceToken(), useValue: db };
    return { module: DatabaseModule, global: true, providers: [provider], exports: [provider] };
  }
}

@Module({})
class TestModule {
  static with(db: DataSource, databaseUrl: string, natsUrl: string): DynamicModule {
    const delivery = { maxDeliveries: MAX_DELIVERIES, firstBackoffMs: 1 };
    return {
      module: TestModule,
      imports: [
        DatabaseModule.with(db),
        MessagingModule.with({ service: 'training', natsUrl, databaseUrl, delivery }),
      ],
      providers: [Listener],
    };
  }
}

let folder: string;
let servers: RunningServers;
let db: DataSource;
let app: INestApplicationContext;
/** Job ids of this test only. */
let job: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimass-test-'));
  servers = await startServers({ dir: folder, databases: ['messaging'], env: childEnvironment({}) });
  const url = servers.databaseUrl('messaging');
  db = await new DataSource({ type: 'postgres', url, poolSize: 8 }).initialize();
  for (const statement of MESSAGING_TABLES) await db.query(statement);
  await db.query('CREATE TABLE heard (serial bigserial, job_id text NOT NULL, code text NOT NULL)');
  app = await NestFactory.createApplicationContext(TestModule.with(db, url, servers.natsUrl), {
    logger: false,
  });
});

afterAll(async () => {
  await app.close();
  await db.destroy();
  await servers.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  job = `job_${randomUUID()}`;
});

function emitFailed(tx: EntityManager, jobId: string, code: string, message = ''): Promise<void> {
  return emit(tx, 'training.v1.job.failed', jobId, { organizationId: 'org_a', jobId, code, message });
}

const fail = (jobId: string, code: string, message = ''): Promise<void> =>
  db.transaction((tx) => emitFailed(tx, jobId, code, message));

async function heard(jobId: string): Promise<string[]> {
  const rows: { code: string }[] = await db.query(
    'SELECT code FROM heard WHERE job_id = $1 ORDER BY serial',
    [jobId],
  );
  return rows.map(({ code }) => code);
}

const becomes = (jobId: string, codes: string[]): Promise<void> =>
  vi.waitFor(async () => expect(await heard(jobId)).toEqual(codes), { timeout: 20_000, interval: 25 });

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

describe('an event', () => {
  it('exists if and only if its transaction commits', async () => {
    const undone = db.transaction(async (tx) => {
      await emitFailed(tx, job, 'undone');
      throw new Error('rolled back');
    });
    await expect(undone).rejects.toThrow('rolled back');
    await fail(job, 'done');
    await becomes(job, ['done']);
    const rows: unknown[] = await db.query('SELECT 1 FROM outbox WHERE aggregate_id = $1', [job]);
    expect(rows).toHaveLength(1);
  });

  it('is heard within moments, not at the next poll', async () => {
    await fail(job, 'first');
    await becomes(job, ['first']);
    const started = Date.now();
    for (const code of ['2', '3', '4', '5']) {
      await fail(job, code);
      await vi.waitFor(async () => expect(await heard(job)).toContain(code), { interval: 5 });
    }
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('follows the earlier ones of its aggregate, however many aggregates change at once', async () => {
    const jobs = ['a', 'b', 'c', 'd'].map((name) => `${job}-${name}`);
    await Promise.all(
      jobs.map(async (jobId) => {
        for (const code of numbers(0, 60)) await fail(jobId, code);
      }),
    );
    for (const jobId of jobs) await becomes(jobId, numbers(0, 60));
  });

  it('that the server refuses is not overtaken by the next one of its aggregate', async () => {
    await fail(job, 'before');
    await becomes(job, ['before']);
    const { streams } = await jetstreamManager(app.get<NatsConnection>(NATS));
    await streams.update('TRAINING', { max_msg_size: 3_000 });
    await db.transaction(async (tx) => {
      await emitFailed(tx, job, 'large', 'x'.repeat(5_000));
      await emitFailed(tx, job, 'small');
      await emitFailed(tx, `${job}-other`, 'unhindered');
    });
    await becomes(`${job}-other`, ['unhindered']);
    // The relay starts again after a failure and restores the stream's limits.
    await becomes(job, ['before', 'large', 'small']);
  });

  it('too large for any message is refused where it is emitted', async () => {
    await expect(fail(job, 'huge', 'x'.repeat(1_000_001))).rejects.toThrow('an event holds at most');
  });

  it('takes effect once, however often it is delivered', async () => {
    const client = jetstream(app.get<NatsConnection>(NATS));
    const envelope = Envelope.encode({
      id: randomUUID(),
      subject: 'training.v1.job.failed',
      occurredAt: new Date(),
      aggregateId: job,
      traceparent: '',
      data: Buffer.from(
        trainingEvents.JobFailed.encode({
          organizationId: 'org_a',
          jobId: job,
          code: 'again',
          message: '',
        }).finish(),
      ),
    }).finish();
    for (let delivery = 0; delivery < 5; delivery++) await client.publish('training.v1.job.failed', envelope);
    await fail(job, 'last');
    await becomes(job, ['again', 'last']);
  });

  it('that always fails ends in dead_letter after ten deliveries, leaves nothing else, and holds nobody up', async () => {
    failures = 0;
    const cancel = (organizationId: string, jobId: string): Promise<void> =>
      db.transaction((tx) => emit(tx, 'training.v1.job.cancelled', jobId, { organizationId, jobId }));
    await cancel('poison', job);
    await cancel('org_a', `${job}-other`);
    await becomes(`${job}-other`, ['choked']);
    const [letter] = await vi.waitFor(
      async () => {
        const rows: { subject: string; reason: string; envelope: Buffer }[] = await db.query(
          `SELECT subject, reason, envelope FROM dead_letter WHERE consumer = 'test__choke'`,
        );
        expect(rows).toHaveLength(1);
        return rows;
      },
      { timeout: 10_000, interval: 25 },
    );
    expect(failures).toBe(MAX_DELIVERIES);
    expect(letter).toMatchObject({
      subject: 'training.v1.job.cancelled',
      reason: 'Error: cannot handle this',
    });
    expect(Envelope.decode(letter!.envelope).aggregateId).toBe(job);
    expect(await heard(job)).toEqual([]);
  });

  it('that is not even an envelope ends in dead_letter too', async () => {
    const client = jetstream(app.get<NatsConnection>(NATS));
    const id = randomUUID();
    await client.publish('training.v1.job.failed', Buffer.from('garbage'), { msgID: id });
    await vi.waitFor(
      async () => {
        const rows: unknown[] = await db.query('SELECT 1 FROM dead_letter WHERE message_id = $1', [id]);
        expect(rows).toHaveLength(1);
      },
      { timeout: 10_000, interval: 25 },
    );
  });
});

describe('when NATS is killed', () => {
  it('events wait in the outbox, and all are heard once and in order when it is back', async () => {
    for (const code of numbers(0, 20)) await fail(job, code);
    servers.nats?.kill('SIGKILL');
    for (const code of numbers(20, 60)) await fail(job, code);
    await becomes(job, numbers(0, 60));
    const rows: unknown[] = await vi.waitFor(async () => {
      const waiting: unknown[] = await db.query('SELECT 1 FROM outbox WHERE published_at IS NULL');
      expect(waiting).toEqual([]);
      return waiting;
    });
    expect(rows).toEqual([]);
  });

  it('consumers go on after its data is gone as well', async () => {
    const { streams } = await jetstreamManager(app.get<NatsConnection>(NATS));
    await streams.delete('TRAINING');
    await fail(job, 'after');
    await becomes(job, ['after']);
  });
});
