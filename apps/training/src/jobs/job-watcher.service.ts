import { setMaxListeners } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { JobChanges } from './job-changes.js';
import type { Job } from './job.entity.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsService } from './jobs.service.js';
import type { MetricPoint } from './metric-point.entity.js';

/** What a watcher hears: the job as it is now, and the points since the last time. */
export interface JobNews {
  readonly job: Job;
  readonly points: readonly MetricPoint[];
}

/** Points per message; what is left follows in the next one, read only when it is asked for. */
const POINTS_PER_MESSAGE = 1_000;
/** Changes made by another instance are seen by looking. */
const POLL_MS = 500;
/** Said even when nothing has changed, so that a watcher who has left is noticed. */
const REPEAT_MS = 15_000;

/** Follows jobs. */
@Injectable()
export class JobWatcher implements BeforeApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    private readonly jobs: JobsService,
    private readonly repository: JobsRepository,
    private readonly changes: JobChanges,
  ) {
    setMaxListeners(0, this.stopping.signal);
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** The job at once, then on every change of state, progress or metrics, until it has finished. Holds one message. */
  async *watch(organizationId: string, id: string, afterSequence: number): AsyncGenerator<JobNews> {
    let known = { sequence: afterSequence, revision: -1, at: 0 };
    while (!this.stopping.signal.aborted) {
      // Listening starts before looking, so that no change falls between the two.
      const change = this.changes.nextOf(id, POLL_MS, this.stopping.signal);
      const job = await this.jobs.get(organizationId, id);
      const points = await this.repository.listPoints(id, known.sequence, POINTS_PER_MESSAGE);
      const isNews =
        job.revision !== known.revision || points.length > 0 || Date.now() - known.at > REPEAT_MS;
      if (isNews) {
        known = {
          sequence: points.at(-1)?.sequence ?? known.sequence,
          revision: job.revision,
          at: Date.now(),
        };
        yield { job, points };
      }
      if (points.length === POINTS_PER_MESSAGE) continue;
      if (job.isFinished) return;
      await change;
    }
  }
}
