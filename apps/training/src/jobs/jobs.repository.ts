import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { emitFinished } from './job-events.mapping.js';
import { Job } from './job.entity.js';
import { MetricPoint } from './metric-point.entity.js';

/** All SQL of jobs and their metric points, as users see them; leases are in runs.repository. */
@Injectable()
export class JobsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async insert(tx: EntityManager, job: Job): Promise<void> {
    await tx.insert(Job, job);
  }

  /** Null when the organization has no such job. */
  find(organizationId: string, id: string): Promise<Job | null> {
    return this.dataSource.manager.findOneBy(Job, { organizationId, id });
  }

  /**
   * Loads the organization's job FOR UPDATE, applies `change`, and saves it in one transaction, with its event when it
   * has finished by that. Null when there is no such job.
   */
  update(organizationId: string, id: string, change: (job: Job) => void): Promise<Job | null> {
    return this.transaction(async (tx) => {
      const job = await tx.findOne(Job, {
        where: { organizationId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!job) return null;
      const wasFinished = job.isFinished;
      change(job);
      await tx.save(job);
      if (job.isFinished && !wasFinished) await emitFinished(tx, job);
      return job;
    });
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Job>> {
    const rows = await this.dataSource.manager.find(Job, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  /** In order of sequence. */
  listPoints(jobId: string, afterSequence: number, limit: number): Promise<MetricPoint[]> {
    return this.dataSource.manager.find(MetricPoint, {
      where: { jobId, sequence: MoreThan(afterSequence) },
      order: { sequence: 'ASC' },
      take: limit,
    });
  }
}
