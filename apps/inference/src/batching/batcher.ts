import type { DomainError } from '@aimass/platform-errors';
import type { LoadedModel } from '../engines/engine.js';
import { hasVariableTail, isBatchable } from '../tensors/signature.js';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import { joinInputs, tailKey } from './batch.js';
import type { BatchJob } from './batch.js';
import { deadlineExceeded, engineFailed, overloaded } from './batching.errors.js';

/** Bounds of a batcher. */
export interface BatcherOptions {
  readonly signature: Signature;
  /** Rows of one run at most; a job with more rows runs alone. */
  readonly maxRows: number;
  /** Jobs that wait at most. */
  readonly maxQueuedJobs: number;
}

/** How often jobs that wait behind a run or a load are checked for expiry. */
const SWEEP_MS = 20;
/** Weight of the newest run in the average run time. */
const NEWEST_WEIGHT = 0.2;

/**
 * Turns the calls of one model version into engine runs. It never waits for more calls to come: what is queued when the
 * event loop has read its input, or when the engine becomes free, runs at once, up to the batch limit. Until a model is
 * attached the calls wait for it inside their deadlines.
 */
export class Batcher {
  private readonly canShare: boolean;
  private readonly hasTails: boolean;
  private queue: BatchJob[] = [];
  private queuedRows = 0;
  private model: LoadedModel | undefined;
  private refusal: DomainError | undefined;
  private isRunning = false;
  private isScheduled = false;
  private sweep: NodeJS.Timeout | undefined;
  /** Jobs at the head of the queue that run one by one, because together they failed. */
  private aloneCount = 0;
  private meanRunMs = 0;

  constructor(private readonly options: BatcherOptions) {
    this.canShare = isBatchable(options.signature);
    this.hasTails = hasVariableTail(options.signature);
  }

  /** The engine can run from now on. */
  attach(model: LoadedModel): void {
    this.refusal = undefined;
    this.model = model;
    this.schedule();
  }

  /** Fails what waits and, until a model is attached, what comes. Returns the model for disposal. */
  detach(reason: DomainError): LoadedModel | undefined {
    const { model, queue } = this;
    this.refusal = reason;
    this.model = undefined;
    this.queue = [];
    this.settleQueueCounters();
    for (const job of queue) if (!job.isCancelled) failUnrun(job, reason);
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
      failUnrun(job, refusal);
      return;
    }
    this.queue.push(job);
    this.queuedRows += job.rows;
    this.schedule();
  }

  private refuse(job: BatchJob): DomainError | undefined {
    if (this.queue.length >= this.options.maxQueuedJobs) {
      this.dropDead();
      if (this.queue.length >= this.options.maxQueuedJobs) {
        return overloaded(`${this.queue.length} requests wait already`);
      }
    }
    if (this.model === undefined || this.queue.length === 0) return undefined;
    const runsAhead = Math.ceil(this.queuedRows / this.options.maxRows);
    const waitMs = runsAhead * this.meanRunMs;
    if (waitMs <= job.deadlineAt - job.arrivedAt) return undefined;
    return overloaded(`a request would wait about ${Math.ceil(waitMs)} ms, longer than its deadline`);
  }

  /** After the event loop has read what there is, so that requests that came together run together. */
  private schedule(): void {
    if (this.queue.length === 0 || this.isScheduled) return;
    if (this.model === undefined || this.isRunning) {
      this.sweep ??= this.startSweep();
      return;
    }
    this.isScheduled = true;
    setImmediate(() => this.run());
  }

  private run(): void {
    this.isScheduled = false;
    const { model } = this;
    if (model === undefined || this.isRunning) return;
    this.dropDead();
    const jobs = this.takeBatch();
    if (jobs.length === 0) return;
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    const startedAt = performance.now();
    this.isRunning = true;
    runModel(model, () => joinInputs(jobs, rows, this.options.signature.inputs)).then(
      (outputs) => this.finish(jobs, outputs, { rows, startedAt }),
      (error: unknown) => this.finishFailed(jobs, error, startedAt),
    );
  }

  private takeBatch(): BatchJob[] {
    const batch = this.hasTails ? this.takeAlike() : this.queue.splice(0, this.headCount());
    this.settleQueueCounters();
    return batch;
  }

  /** How many jobs at the head of the queue fit into one run; the first always does. */
  private headCount(): number {
    if (!this.canShare || this.aloneCount > 0) {
      this.aloneCount = Math.max(0, this.aloneCount - 1);
      return 1;
    }
    let rows = 0;
    for (let count = 0; count < this.queue.length; count++) {
      rows += this.queue[count]?.rows ?? 0;
      if (count > 0 && rows > this.options.maxRows) return count;
    }
    return this.queue.length;
  }

  /** The head of the queue and the jobs shaped like it, in order. */
  private takeAlike(): BatchJob[] {
    const [first] = this.queue;
    if (first === undefined || !this.canShare || this.aloneCount > 0)
      return this.queue.splice(0, this.headCount());
    const key = tailKey(first);
    let rows = 0;
    return this.take((job, index) => {
      if (tailKey(job) !== key || (index > 0 && rows + job.rows > this.options.maxRows)) return false;
      rows += job.rows;
      return true;
    });
  }

  private take(isWanted: (job: BatchJob, index: number) => boolean): BatchJob[] {
    const taken: BatchJob[] = [];
    const left: BatchJob[] = [];
    for (const [index, job] of this.queue.entries()) (isWanted(job, index) ? taken : left).push(job);
    this.queue = left;
    return taken;
  }

  private finish(
    jobs: readonly BatchJob[],
    outputs: readonly Tensor[],
    run: { rows: number; startedAt: number },
  ): void {
    const computeMs = performance.now() - run.startedAt;
    this.meanRunMs =
      this.meanRunMs === 0 ? computeMs : this.meanRunMs + NEWEST_WEIGHT * (computeMs - this.meanRunMs);
    const computeUs = toMicroseconds(computeMs);
    const wrong = this.canShare && outputs.some((output) => output.shape[0] !== run.rows);
    let firstRow = 0;
    for (const job of jobs) {
      const timing = { queueUs: toMicroseconds(run.startedAt - job.arrivedAt), computeUs };
      if (wrong) job.fail(engineFailed('it gave another number of rows than it was given'), timing);
      else if (!job.isCancelled) succeed(job, outputs, { firstRow, timing });
      firstRow += job.rows;
    }
    this.release();
  }

  /** Together they failed: each runs alone, so that only the one at fault hears of it. */
  private finishFailed(jobs: readonly BatchJob[], error: unknown, startedAt: number): void {
    const [only] = jobs;
    if (jobs.length === 1 && only) {
      const computeUs = toMicroseconds(performance.now() - startedAt);
      only.fail(engineFailed(error), { queueUs: toMicroseconds(startedAt - only.arrivedAt), computeUs });
    } else {
      this.queue.unshift(...jobs);
      this.aloneCount += jobs.length;
      this.settleQueueCounters();
    }
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
    const isDead = (job: BatchJob): boolean => job.isCancelled || job.deadlineAt <= now;
    if (!this.queue.some(isDead)) return;
    const dead = this.take(isDead);
    this.settleQueueCounters();
    for (const job of dead) if (!job.isCancelled) failUnrun(job, deadlineExceeded());
  }

  private settleQueueCounters(): void {
    this.queuedRows = this.queue.reduce((sum, job) => sum + job.rows, 0);
    this.aloneCount = Math.min(this.aloneCount, this.queue.length);
  }
}

/** A job's own trouble (its answer cannot be encoded, say) stays its own. */
function succeed(
  job: BatchJob,
  outputs: readonly Tensor[],
  { firstRow, timing }: { firstRow: number; timing: { queueUs: number; computeUs: number } },
): void {
  try {
    job.succeed(outputs, firstRow, timing);
  } catch (error) {
    job.fail(engineFailed(error), timing);
  }
}

function failUnrun(job: BatchJob, error: DomainError): void {
  job.fail(error, { queueUs: toMicroseconds(performance.now() - job.arrivedAt), computeUs: 0 });
}

async function runModel(model: LoadedModel, inputs: () => readonly Tensor[]): Promise<readonly Tensor[]> {
  return model.run(inputs());
}

function toMicroseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
