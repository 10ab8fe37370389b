import { Inject, Injectable, Logger } from '@nestjs/common';
import { BlobCorrupt, BlobNotFound } from '@aimass/platform-blobs';
import { setTimeout as delay } from 'node:timers/promises';
import { JobChanges } from '../jobs/job-changes.js';
import type { Job } from '../jobs/job.entity.js';
import { RUNNER } from '../runners/runner.js';
import type { Runner, RunStatus } from '../runners/runner.js';
import { LeaseLost } from './lease-pulse.js';
import { RunFinisher } from './run-finisher.js';
import type { RunOutcome } from './run-outcome.js';
import { RunToolbox } from './run-tools.js';
import type { RunTools } from './run-tools.js';

/** How often a trainer is looked at. */
const TICK_MS = 200;
/** After something of ours has failed, we try again after this time. */
const RETRY_MS = 1_000;
/** Pieces of output per look, so that a loud trainer does not keep us from stopping it. */
const PARTS_PER_TICK = 8;

type Ended = Exclude<RunStatus, { kind: 'running' }>;

interface Following extends RunTools {
  readonly stopping: AbortSignal;
}

/** Stays with a run from its start, or from where another worker left it, until its job has settled. */
@Injectable()
export class RunFollower {
  private readonly logger = new Logger(RunFollower.name);

  constructor(
    private readonly toolbox: RunToolbox,
    private readonly finisher: RunFinisher,
    private readonly changes: JobChanges,
    @Inject(RUNNER) private readonly runner: Runner,
  ) {}

  /**
   * Follows a claimed job; `isNew` says that its trainer must be started first. When `stopping` aborts, the trainer is
   * stopped and the job goes back into the queue. Rejects only for bugs.
   */
  async follow(job: Job, isNew: boolean, stopping: AbortSignal): Promise<void> {
    const tools = this.toolbox.toolsFor(job);
    const { lease, pulse } = tools;
    try {
      const refusal = isNew ? await this.start(job) : null;
      const following = { ...tools, stopping };
      if (refusal) await this.finisher.settle(lease, refusal);
      else await this.end(following, await this.untilEnded(following));
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      this.logger.warn(`${job.id}: another worker has taken over run ${job.run}`);
      await this.finisher.letGo(lease);
    } finally {
      pulse.stop();
      this.changes.changed(job.id);
      this.changes.workArrived();
    }
  }

  /** Null when the trainer runs; otherwise why it cannot. */
  private async start(job: Job): Promise<RunOutcome | null> {
    const { id: jobId, run, channels, algorithm } = job;
    this.changes.changed(jobId);
    try {
      await this.runner.start({
        jobId,
        run,
        channels,
        hyperparameters: { algorithm, ...job.hyperparameters },
      });
      return null;
    } catch (error) {
      this.logger.error(`${jobId}: the trainer cannot be started: ${String(error)}`);
      const isData = error instanceof BlobNotFound || error instanceof BlobCorrupt;
      const failure = isData
        ? {
            code: 'data_unavailable',
            message: `The data cannot be read: ${error.message} Import it again and make a new split.`,
          }
        : {
            code: 'start_failed',
            message:
              'The trainer could not be started on this machine; the log of the training service says why.',
          };
      return { kind: 'failed', failure };
    }
  }

  private async untilEnded(following: Following): Promise<Ended> {
    for (;;) {
      const { stopping, lease, pulse } = following;
      const patience = stopping.aborted ? undefined : stopping;
      const stopRequest = this.changes
        .nextStopRequest(lease.jobId, TICK_MS, patience)
        .then(async (isAsked) => {
          if (isAsked) await pulse.beat();
        });
      const ended = await this.look(following).catch(async (error: unknown) => {
        if (error instanceof LeaseLost) throw error;
        this.logger.warn(`${lease.jobId}: trying again: ${String(error)}`);
        await delay(RETRY_MS);
        return null;
      });
      if (ended) return ended;
      await stopRequest;
    }
  }

  /** Null while the trainer runs. */
  private async look({ lease, pulse, tail, stopper, stopping }: Following): Promise<Ended | null> {
    pulse.assertHeld();
    // Asked first: what was printed before the end is then there to be read.
    const status = await this.runner.find(lease);
    const isEnded = status.kind !== 'running';
    for (let parts = 0; isEnded || parts < PARTS_PER_TICK; parts++) {
      if (!(await tail.readOn(isEnded))) break;
      this.changes.changed(lease.jobId);
    }
    if (status.kind !== 'running') return status;
    await stopper.enforce({ isCancelled: pulse.state === 'cancelling', isServiceStopping: stopping.aborted });
    return null;
  }

  private async end({ lease, pulse, stopper, stopping }: Following, ended: Ended): Promise<void> {
    const isGivenBack = stopper.hasAskedFor('service') && !(ended.kind === 'exited' && ended.code === 0);
    let known = stopper.hasAskedFor('size') ? stopper.tooLarge() : null;
    const settle = async (): Promise<void> => {
      pulse.assertHeld();
      if (known) return this.finisher.settle(lease, known);
      return isGivenBack ? this.finisher.giveBack(lease) : this.finisher.finish(lease, ended, pulse.state);
    };
    while (!(await this.tryTo(settle, lease.jobId, (bug) => (known = internalFailure(bug))))) {
      if (stopping.aborted) return;
      await delay(RETRY_MS);
    }
  }

  /** Whether it worked. A full disk or a database that is away may be back later, a bug stays a bug. */
  private async tryTo(
    work: () => Promise<void>,
    jobId: string,
    onBug: (bug: Error) => void,
  ): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      this.logger.warn(`${jobId}: cannot be settled yet: ${String(error)}`);
      if (error instanceof TypeError || error instanceof RangeError) onBug(error);
      return false;
    }
  }
}

function internalFailure(cause: Error): RunOutcome {
  const message = `What the trainer left could not be taken over, through a fault of ours (${cause.message}).`;
  return { kind: 'failed', failure: { code: 'internal_error', message } };
}
