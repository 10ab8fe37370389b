import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { emitFinished } from '../jobs/job-events.mapping.js';
import type { JobState } from '../jobs/job-state.js';
import { Job } from '../jobs/job.entity.js';

/** The right to say how a job goes on: a worker, and the run it speaks of. */
export interface Lease {
  readonly jobId: string;
  readonly run: number;
  readonly owner: string;
}

/** A metric point that has no sequence yet. */
export interface NewPoint {
  readonly metric: string;
  readonly trial: string;
  readonly epoch: number;
  readonly value: number;
}

/** What a piece of a trainer's output has brought. */
export interface Advance {
  /** The output up to here was stored before. */
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly points: readonly NewPoint[];
  /** Null when it was not mentioned. */
  readonly progress: number | null;
  readonly backend: string | null;
}

/**
 * All SQL of leases: who may run a job, and until when by the database's clock. Every statement of a worker names its
 * lease, so that one that has lost it changes nothing.
 */
@Injectable()
export class RunsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Starts a new run of the oldest queued job, if there is one that nobody else takes at this moment. */
  claimNextQueued(owner: string, leaseSeconds: number): Promise<Job | null> {
    return this.dataSource.transaction(async (tx) => {
      const job = await tx.findOne(Job, {
        where: { state: 'queued' },
        order: { id: 'ASC' },
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      if (!job) return null;
      job.start(owner);
      await tx.save(job);
      await tx.query(`UPDATE job SET lease_expires_at = now() + $2 * interval '1 second' WHERE id = $1`, [
        job.id,
        leaseSeconds,
      ]);
      return job;
    });
  }

  /** Takes over the jobs whose lease has run out, or of which `isOrphan` says that nobody follows them. */
  async claimAbandoned(
    owner: string,
    leaseSeconds: number,
    isOrphan: (jobId: string, owner: string) => boolean,
  ): Promise<Job[]> {
    const held: { id: string; run: number; lease_owner: string; is_expired: boolean }[] =
      await this.dataSource.query(
        `SELECT id, run, lease_owner, lease_expires_at < now() AND lease_owner <> $1 AS is_expired FROM job
       WHERE state IN ('running', 'cancelling') ORDER BY id`,
        [owner],
      );
    const abandoned = held.filter((row) => row.is_expired || isOrphan(row.id, row.lease_owner));
    const taken: string[] = [];
    for (const row of abandoned) {
      const rows: unknown[] = await this.dataSource.query(
        `WITH taken AS (
           UPDATE job SET lease_owner = $1, lease_expires_at = now() + $2 * interval '1 second'
           WHERE id = $3 AND run = $4 AND lease_owner = $5 AND state IN ('running', 'cancelling')
             AND ($6 OR lease_expires_at < now())
           RETURNING id
         ) SELECT id FROM taken`,
        [owner, leaseSeconds, row.id, row.run, row.lease_owner, !row.is_expired],
      );
      if (rows.length > 0) taken.push(row.id);
    }
    return this.findAll(taken);
  }

  /** Prolongs a lease; null when it is lost, else the state the job is in. */
  async renew(lease: Lease, leaseSeconds: number): Promise<JobState | null> {
    const rows: { state: JobState }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE job SET lease_expires_at = now() + $4 * interval '1 second'
         WHERE id = $1 AND run = $2 AND lease_owner = $3 RETURNING state
       ) SELECT state FROM renewed`,
      [lease.jobId, lease.run, lease.owner, leaseSeconds],
    );
    return rows[0]?.state ?? null;
  }

  /**
   * Stores what a piece of output has brought, together with where it ended, so that nothing is lost or stored twice.
   * False, storing nothing, when the lease is lost.
   */
  advance(lease: Lease, advance: Advance): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const { fromOffset, toOffset, points, progress, backend } = advance;
      const rows: { last_sequence: number }[] = await tx.query(
        `WITH advanced AS (
           UPDATE job SET output_offset = $5, last_sequence = last_sequence + $6, revision = revision + 1,
             progress = COALESCE($7, progress), backend = COALESCE($8, backend)
           WHERE id = $1 AND run = $2 AND lease_owner = $3 AND output_offset = $4 RETURNING last_sequence
         ) SELECT last_sequence FROM advanced`,
        [lease.jobId, lease.run, lease.owner, fromOffset, toOffset, points.length, progress, backend],
      );
      const last = rows[0]?.last_sequence;
      if (last === undefined) return false;
      if (points.length > 0) await insertPoints(tx, lease, last - points.length, points);
      return true;
    });
  }

  /**
   * Loads the job FOR UPDATE, applies `change`, and saves it in one transaction, with its event when it has finished by
   * that. Null, changing nothing, when the lease is lost.
   */
  update(lease: Lease, change: (job: Job) => void): Promise<Job | null> {
    return this.dataSource.transaction(async (tx) => {
      const job = await tx.findOne(Job, { where: { id: lease.jobId }, lock: { mode: 'pessimistic_write' } });
      if (!job?.isHeldBy(lease.owner, lease.run)) return null;
      change(job);
      await tx.save(job);
      if (job.isFinished) await emitFinished(tx, job);
      return job;
    });
  }

  findAll(ids: readonly string[]): Promise<Job[]> {
    return this.dataSource.manager.find(Job, { where: { id: In([...ids]) }, order: { id: 'ASC' } });
  }
}

async function insertPoints(
  tx: EntityManager,
  lease: Lease,
  after: number,
  points: readonly NewPoint[],
): Promise<void> {
  const metrics = points.map(({ metric }) => metric);
  const trials = points.map(({ trial }) => trial);
  const epochs = points.map(({ epoch }) => epoch);
  // A run that follows another one goes over ground again: what it reports there replaces what the earlier run did.
  if (lease.run > 1) {
    await tx.query(
      `DELETE FROM metric_point USING unnest($3::text[], $4::text[], $5::bigint[]) AS fresh (metric, trial, epoch)
       WHERE job_id = $1 AND run < $2 AND metric_point.metric = fresh.metric
         AND metric_point.trial = fresh.trial AND metric_point.epoch = fresh.epoch`,
      [lease.jobId, lease.run, metrics, trials, epochs],
    );
  }
  await tx.query(
    `INSERT INTO metric_point (job_id, sequence, run, metric, trial, epoch, value)
     SELECT $1, $2 + place, $3, metric, trial, epoch, value
     FROM unnest($4::text[], $5::text[], $6::bigint[], $7::float8[])
       WITH ORDINALITY AS fresh (metric, trial, epoch, value, place)`,
    [lease.jobId, after, lease.run, metrics, trials, epochs, points.map(({ value }) => value)],
  );
}
