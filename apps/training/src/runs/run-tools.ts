import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { Job } from '../jobs/job.entity.js';
import { RUNNER } from '../runners/runner.js';
import type { Runner } from '../runners/runner.js';
import { LeasePulse } from './lease-pulse.js';
import { OutputTail } from './output-tail.js';
import { RunStopper } from './run-stopper.js';
import { RunsRepository } from './runs.repository.js';
import type { Lease } from './runs.repository.js';

/** What is needed to stay with one run. The pulse beats until it is stopped. */
export interface RunTools {
  readonly lease: Lease;
  readonly pulse: LeasePulse;
  readonly tail: OutputTail;
  readonly stopper: RunStopper;
}

/** Lays out the tools for a run. */
@Injectable()
export class RunToolbox {
  constructor(
    private readonly runs: RunsRepository,
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** For a job that has just been claimed. */
  toolsFor(job: Job): RunTools {
    const { LEASE_SECONDS, CANCEL_GRACE_SECONDS } = this.config;
    const lease: Lease = { jobId: job.id, run: job.run, owner: job.leaseOwner ?? '' };
    const position = { offset: job.outputOffset, pointCount: job.lastSequence };
    return {
      lease,
      pulse: new LeasePulse(this.runs, lease, LEASE_SECONDS, job.state),
      tail: new OutputTail(this.runner, this.runs, lease, position),
      stopper: new RunStopper(this.runner, lease, CANCEL_GRACE_SECONDS * 1_000),
    };
  }
}
