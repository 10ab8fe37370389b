import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import type { JobResult } from '../jobs/job-result.js';
import type { JobState } from '../jobs/job-state.js';
import { RUNNER } from '../runners/runner.js';
import type { Runner, RunStatus } from '../runners/runner.js';
import { collectArtifacts } from './artifacts.js';
import { LeaseLost } from './lease-pulse.js';
import { outcomeOf, settle } from './run-outcome.js';
import type { RunOutcome } from './run-outcome.js';
import { RunsRepository } from './runs.repository.js';
import type { Lease } from './runs.repository.js';
import { withPreprocessing } from './shipped-model.js';

const LOG_BYTES = 1024 * 1024;

/** Settles jobs whose run has ended: artifacts first, then state and event at once, then the files are removed. */
@Injectable()
export class RunFinisher {
  constructor(
    private readonly runs: RunsRepository,
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /** Settles a job by how its run ended. Throws LeaseLost; anything else may be tried again. */
  async finish(lease: Lease, ended: Exclude<RunStatus, { kind: 'running' }>, state: JobState): Promise<void> {
    // What the trainer left running in its group must neither go on nor change what is collected.
    await this.runner.kill(lease);
    const outcome: RunOutcome =
      state === 'cancelling'
        ? { kind: 'lost', reason: 'it was cancelled' }
        : await outcomeOf(lease, ended, this.runner, (root) => this.collect(lease, root));
    await this.settle(lease, outcome);
  }

  /** Settles a job by an outcome that is already known. Throws LeaseLost. */
  async settle(lease: Lease, outcome: RunOutcome): Promise<void> {
    await this.runner.kill(lease);
    const log = await this.blobs.put(await this.runner.readLog(lease, LOG_BYTES));
    const job = await this.runs.update(lease, (held) => {
      settle(held, outcome);
      if (held.isFinished) held.keepLog(log.sha256);
    });
    if (!job) throw new LeaseLost();
    if (job.isFinished) await this.removeFiles(lease.jobId);
  }

  /** Puts a job whose trainer we have stopped back into the queue; a cancelled one is cancelled. Throws LeaseLost. */
  async giveBack(lease: Lease): Promise<void> {
    await this.runner.kill(lease);
    const job = await this.runs.update(lease, (held) => {
      if (held.state === 'cancelling') held.markCancelled();
      else held.giveBack();
    });
    if (!job) throw new LeaseLost();
    if (job.isFinished) await this.removeFiles(lease.jobId);
  }

  /** The model with the transforms that its data had been through. */
  private async collect({ jobId }: Lease, root: string): Promise<JobResult> {
    const [job] = await this.runs.findAll([jobId]);
    if (!job) throw new LeaseLost();
    return withPreprocessing(await collectArtifacts(root, this.blobs), job.preprocessingSha256, this.blobs);
  }

  /** After a lost lease: ends our trainer, unless somebody has taken over this very run. */
  async letGo(lease: Lease): Promise<void> {
    const [job] = await this.runs.findAll([lease.jobId]);
    if (!job) return;
    const isAdopted = job.leaseOwner !== null && job.run === lease.run;
    if (job.isFinished) await this.removeFiles(lease.jobId);
    else if (!isAdopted) await this.runner.kill(lease);
  }

  /** Files that cannot be removed now are swept at the next start. */
  private async removeFiles(jobId: string): Promise<void> {
    await this.runner.discard(jobId).catch(() => undefined);
  }
}
