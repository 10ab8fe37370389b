import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { RUNNER } from '../runners/runner.js';
import type { Runner } from '../runners/runner.js';
import { RunsRepository } from './runs.repository.js';

/** At the start, tidies up after a service that was killed. */
@Injectable()
export class RunSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RunSweeper.name);
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly runs: RunsRepository,
    @Inject(RUNNER) private readonly runner: Runner,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = this.sweep().catch((error: unknown) =>
      this.logger.warn(`sweep failed: ${String(error)}`),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeping;
  }

  /**
   * Removes the files of jobs that have finished, and ends trainers whose run no longer counts. Jobs it does not know
   * are left alone. Runs only move on, so what was seen as outdated stays so.
   */
  private async sweep(): Promise<void> {
    const refs = await this.runner.list();
    const jobs = new Map(
      (await this.runs.findAll(refs.map(({ jobId }) => jobId))).map((job) => [job.id, job]),
    );
    for (const ref of refs) {
      const job = jobs.get(ref.jobId);
      if (job?.isFinished) await this.runner.discard(ref.jobId);
      else if (job && (job.state === 'queued' || ref.run < job.run)) await this.runner.kill(ref);
    }
  }
}
