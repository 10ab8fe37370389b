import { tailKey } from './batch.js';
import type { BatchJob } from './batch.js';

/** How a queue is read. */
export interface QueueRules {
  /** Whether jobs can share a run at all. */
  readonly canShare: boolean;
  /** Whether only jobs with equal dimensions after the first can share one. */
  readonly hasTails: boolean;
}

/**
 * The jobs that wait for one model version: more urgent ones first, in order of arrival among equals. Jobs that failed
 * together wait in front of all others and leave one by one.
 */
export class JobQueue {
  private jobs: BatchJob[] = [];
  private alone: BatchJob[] = [];
  private queuedRows = 0;

  constructor(private readonly rules: QueueRules) {}

  get length(): number {
    return this.jobs.length + this.alone.length;
  }

  /** Rows of all jobs. */
  get rows(): number {
    return this.queuedRows;
  }

  /** Puts a job behind those that are as urgent; `priority` gives a job's own or the version's. */
  add(job: BatchJob, priority: (job: BatchJob) => number): void {
    const { jobs } = this;
    this.queuedRows += job.rows;
    const own = priority(job);
    let position = jobs.length;
    // Nearly always all are alike, and this loop ends where it starts.
    while (position > 0 && priority(jobs[position - 1] as BatchJob) > own) position -= 1;
    if (position === jobs.length) jobs.push(job);
    else jobs.splice(position, 0, job);
  }

  /** Takes back jobs whose joint run failed: each leaves alone. */
  returnAlone(jobs: readonly BatchJob[]): void {
    this.alone.unshift(...jobs);
    for (const job of jobs) this.queuedRows += job.rows;
  }

  /** The jobs of the next run: up to `maxRows` rows, and at least one job when there is any. */
  takeBatch(maxRows: number): BatchJob[] {
    const batch = this.pickBatch(maxRows);
    for (const job of batch) this.queuedRows -= job.rows;
    return batch;
  }

  /** Takes out what `isWanted` says, in order. */
  take(isWanted: (job: BatchJob) => boolean): BatchJob[] {
    if (!this.alone.some(isWanted) && !this.jobs.some(isWanted)) return [];
    const taken = [...this.alone.filter(isWanted), ...this.jobs.filter(isWanted)];
    this.alone = this.alone.filter((job) => !isWanted(job));
    this.jobs = this.jobs.filter((job) => !isWanted(job));
    for (const job of taken) this.queuedRows -= job.rows;
    return taken;
  }

  private pickBatch(maxRows: number): BatchJob[] {
    if (this.alone.length > 0) return this.alone.splice(0, 1);
    if (!this.rules.canShare) return this.jobs.splice(0, 1);
    if (this.rules.hasTails) return this.pickAlike(maxRows);
    const count = this.headCount(maxRows);
    if (count < this.jobs.length) return this.jobs.splice(0, count);
    const all = this.jobs;
    this.jobs = [];
    return all;
  }

  /** How many jobs at the head fit into one run; the first always does. */
  private headCount(maxRows: number): number {
    let rows = 0;
    for (let count = 0; count < this.jobs.length; count++) {
      rows += this.jobs[count]?.rows ?? 0;
      if (count > 0 && rows > maxRows) return count;
    }
    return this.jobs.length;
  }

  /** The head and the jobs shaped like it, in order. */
  private pickAlike(maxRows: number): BatchJob[] {
    const [first] = this.jobs;
    if (first === undefined) return [];
    const key = tailKey(first);
    const taken: BatchJob[] = [];
    const left: BatchJob[] = [];
    let rows = 0;
    for (const job of this.jobs) {
      const fits = tailKey(job) === key && (taken.length === 0 || rows + job.rows <= maxRows);
      if (fits) rows += job.rows;
      (fits ? taken : left).push(job);
    }
    this.jobs = left;
    return taken;
  }
}
