import type { DomainError } from '@aimass/platform-errors';
import type { LoadedModel } from '../engines/engine.js';
import { hasVariableTail, isBatchable } from '../tensors/signature.js';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import { joinInputs } from './batch.js';
import type { BatchJob, BatchTiming } from './batch.js';
import { deadlineExceeded, engineFailed, overloaded } from './batching.errors.js';
import { JobQueue } from './job-queue.js';
import { QueueClock } from './queue-clock.js';

/** How a version is batched; all of it may change while it is served. */
export interface BatchOptions {
  /** Rows of one run at most; a job with more rows runs alone. */
  readonly maxRows: number;
  /** How long a run may wait for company while it is not full, in microseconds; 0: it never waits. */
  readonly batchDelayUs: number;
  /** The urgency of jobs that have none of their own, 1 (first) to 9. */
  readonly defaultPriority: number;
  /** Jobs that wait at most. */
  readonly maxQueuedJobs: number;
  /** How long jobs may wait in a queue that does not empty any more, in milliseconds. */
  readonly maxQueueMs: number;
}

/** Hears what came of jobs and runs. Durations are milliseconds. */
export interface BatchObserver {
  /** A run is over: making its batch, computing, and making answers took this long. */
  ran(rows: number, inputMs: number, computeMs: number, outputMs: number): void;
  /** A job was answered. */
  succeeded(queueMs: number, totalMs: number): void;
  /** A job was refused or failed. */
  failed(totalMs: number): void;
}

/** How often jobs that wait behind a run or a load are checked for expiry. */
const SWEEP_MS = 20;

/** A run on its way. */
interface Run {
  readonly jobs: readonly BatchJob[];
  readonly rows: number;
  /** When it could have started, as far as the queue was concerned. */
  readonly readyAt: number;
  readonly startedAt: number;
  /** When its batch was made. */
  joinedAt: number;
}

/**
 * Turns the calls of one model version into engine runs. Unless told to, it never waits for more calls to come: what is
 * queued when the event loop has read its input, or when the engine becomes free, runs at once, up to the batch limit.
 * Until a model is attached the calls wait for it inside their deadlines.
 */
export class Batcher {
  private readonly canShare: boolean;
  private readonly queue: JobQueue;
  private readonly clock = new QueueClock();
  private readonly priorityOf = (job: BatchJob): number => job.priority || this.options.defaultPriority;
  private model: LoadedModel | undefined;
  private refusal: DomainError | undefined;
  private isRunning = false;
  private isScheduled = false;
  private readyAt = 0;
  private delay: NodeJS.Timeout | undefined;
  private sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly signature: Signature,
    private options: BatchOptions,
    private readonly observer: BatchObserver,
  ) {
    this.canShare = isBatchable(signature);
    this.queue = new JobQueue({ canShare: this.canShare, hasTails: hasVariableTail(signature) });
  }

  /** Takes other bounds from the next job and run on. */
  configure(options: BatchOptions): void {
    this.options = options;
  }

  /** The engine can run from now on. */
  attach(model: LoadedModel): void {
    this.refusal = undefined;
    this.model = model;
    // What gathered during the load is a burst.
    this.clock.emptied(performance.now());
    this.schedule();
  }

  /** Jobs wait for a model again, which is on its way. Returns the one that was attached, for disposal. */
  suspend(): LoadedModel | undefined {
    const { model } = this;
    this.refusal = undefined;
    this.model = undefined;
    return model;
  }

  /** Fails what waits and, until a model is attached, what comes. Returns the model for disposal. */
  detach(reason: DomainError): LoadedModel | undefined {
    const model = this.suspend();
    this.refusal = reason;
    for (const job of this.queue.take(() => true)) if (!job.isCancelled) this.failUnrun(job, reason);
    return model;
  }

  /** Whether nothing runs or waits. */
  get isIdle(): boolean {
    return !this.isRunning && this.queue.length === 0;
  }

  /** Takes a job, or fails it at once when it could not be served in time. */
  enqueue(job: BatchJob): void {
    const refusal = this.refusal ?? this.refuse(job);
    if (refusal) {
      this.failUnrun(job, refusal);
      return;
    }
    if (this.queue.length === 0) this.clock.emptied(job.arrivedAt);
    this.queue.add(job, this.priorityOf);
    this.schedule();
  }

  private refuse(job: BatchJob): DomainError | undefined {
    const { maxQueuedJobs, maxQueueMs } = this.options;
    if (this.queue.length >= maxQueuedJobs) {
      this.dropDead();
      if (this.queue.length >= maxQueuedJobs) return overloaded(`${this.queue.length} requests wait already`);
    }
    if (this.model === undefined || this.queue.length === 0) return undefined;
    const waitMs = this.clock.waitMs(this.runsAhead());
    if (waitMs <= this.clock.allowedMs(job.arrivedAt, job.deadlineAt - job.arrivedAt, maxQueueMs)) {
      return undefined;
    }
    return overloaded(`a request would wait about ${Math.ceil(waitMs)} ms`, waitMs);
  }

  private runsAhead(): number {
    return this.canShare ? Math.ceil(this.queue.rows / this.options.maxRows) : this.queue.length;
  }

  /** After the event loop has read what there is, so that requests that came together run together. */
  private schedule(): void {
    if (this.queue.length === 0 || this.isScheduled) return;
    if (this.model === undefined || this.isRunning) {
      this.sweep ??= this.startSweep();
      return;
    }
    this.readyAt = performance.now();
    if (this.options.batchDelayUs > 0 && this.queue.rows < this.options.maxRows) {
      this.delay ??= setTimeout(() => this.runDelayed(), Math.ceil(this.options.batchDelayUs / 1000));
      return;
    }
    this.isScheduled = true;
    setImmediate(() => this.run());
  }

  private runDelayed(): void {
    this.delay = undefined;
    if (!this.isScheduled) this.run();
  }

  private run(): void {
    this.isScheduled = false;
    clearTimeout(this.delay);
    this.delay = undefined;
    const { model } = this;
    if (model === undefined || this.isRunning) return;
    this.dropDead();
    const jobs = this.queue.takeBatch(this.options.maxRows);
    if (jobs.length === 0) return;
    const startedAt = performance.now();
    if (this.queue.length === 0) this.clock.emptied(startedAt);
    let rows = 0;
    for (const job of jobs) rows += job.rows;
    const run: Run = { jobs, rows, readyAt: this.readyAt, startedAt, joinedAt: startedAt };
    this.isRunning = true;
    this.compute(model, run).then(
      (outputs) => this.finish(run, outputs),
      (error: unknown) => this.finishFailed(run, error),
    );
  }

  private async compute(model: LoadedModel, run: Run): Promise<readonly Tensor[]> {
    const inputs = joinInputs(run.jobs, run.rows, this.signature.inputs);
    run.joinedAt = performance.now();
    return model.run(inputs);
  }

  private finish(run: Run, outputs: readonly Tensor[]): void {
    const { jobs, rows, readyAt, startedAt, joinedAt } = run;
    const computedAt = performance.now();
    this.clock.ran(readyAt, computedAt);
    const computeUs = toMicroseconds(computedAt - joinedAt);
    const isWrong = this.canShare && outputs.some((output) => output.shape[0] !== rows);
    let firstRow = 0;
    for (const job of jobs) {
      const timing = { queueUs: toMicroseconds(startedAt - job.arrivedAt), computeUs };
      if (isWrong) this.fail(job, engineFailed('it gave another number of rows than it was given'), timing);
      else if (!job.isCancelled) this.succeed(job, outputs, firstRow, timing);
      firstRow += job.rows;
    }
    this.observer.ran(rows, joinedAt - startedAt, computedAt - joinedAt, performance.now() - computedAt);
    this.release();
  }

  /** Together they failed: each runs alone, so that only the one at fault hears of it. */
  private finishFailed({ jobs, readyAt, startedAt, joinedAt }: Run, error: unknown): void {
    const now = performance.now();
    this.clock.ran(readyAt, now);
    const [only] = jobs;
    if (jobs.length === 1 && only) {
      const timing = {
        queueUs: toMicroseconds(startedAt - only.arrivedAt),
        computeUs: toMicroseconds(now - joinedAt),
      };
      this.fail(only, engineFailed(error), timing);
    } else if (this.refusal) {
      for (const job of jobs) if (!job.isCancelled) this.failUnrun(job, this.refusal);
    } else this.queue.returnAlone(jobs);
    this.release();
  }

  private release(): void {
    this.isRunning = false;
    this.schedule();
  }

  private startSweep(): NodeJS.Timeout {
    return setInterval(() => {
      this.dropDead();
      const isNeeded = this.queue.length > 0 && (this.model === undefined || this.isRunning);
      if (isNeeded) return;
      clearInterval(this.sweep);
      this.sweep = undefined;
    }, SWEEP_MS);
  }

  /** Forgets cancelled jobs and answers expired ones. */
  private dropDead(): void {
    const now = performance.now();
    const dead = this.queue.take((job) => job.isCancelled || job.deadlineAt <= now);
    for (const job of dead) if (!job.isCancelled) this.failUnrun(job, deadlineExceeded());
  }

  /** A job's own trouble (its answer cannot be encoded, say) stays its own. */
  private succeed(job: BatchJob, outputs: readonly Tensor[], firstRow: number, timing: BatchTiming): void {
    try {
      job.succeed(outputs, firstRow, timing);
    } catch (error) {
      this.fail(job, engineFailed(error), timing);
      return;
    }
    this.observer.succeeded(timing.queueUs / 1000, performance.now() - job.arrivedAt);
  }

  private fail(job: BatchJob, error: DomainError, timing: BatchTiming): void {
    this.observer.failed(performance.now() - job.arrivedAt);
    job.fail(error, timing);
  }

  private failUnrun(job: BatchJob, error: DomainError): void {
    this.fail(job, error, { queueUs: toMicroseconds(performance.now() - job.arrivedAt), computeUs: 0 });
  }
}

function toMicroseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
