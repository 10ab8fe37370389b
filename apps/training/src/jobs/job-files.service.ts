import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS } from '@aimass/platform-service';
import { RUNNER } from '../runners/runner.js';
import type { Runner } from '../runners/runner.js';
import { jobNotFound, plotNotFound, reportNotFound } from './jobs.errors.js';
import { JobsRepository } from './jobs.repository.js';

const MAX_LOG_BYTES = 1024 * 1024;

/** Reads what a job has written: log, report, plots. */
@Injectable()
export class JobFilesService {
  constructor(
    private readonly jobs: JobsRepository,
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(BLOBS) private readonly blobs: BlobStore,
  ) {}

  /** The last 1 MiB of the trainer's standard error; while it runs elsewhere, nothing. */
  async readLog(organizationId: string, id: string): Promise<string> {
    const job = await this.jobs.find(organizationId, id);
    if (!job) throw jobNotFound(id);
    const bytes =
      job.logSha256 === null
        ? await this.runner.readLog({ jobId: id, run: job.run }, MAX_LOG_BYTES)
        : await this.blobs.read(job.logSha256);
    return tailText(bytes, MAX_LOG_BYTES);
  }

  async readReport(organizationId: string, id: string): Promise<{ reportJson: string; plots: string[] }> {
    const job = await this.jobs.find(organizationId, id);
    if (!job) throw jobNotFound(id);
    if (!job.result?.reportSha256) throw reportNotFound(id);
    const report = await this.blobs.read(job.result.reportSha256);
    return { reportJson: report.toString(), plots: Object.keys(job.result.plots).sort() };
  }

  async readPlot(organizationId: string, id: string, name: string): Promise<string> {
    const job = await this.jobs.find(organizationId, id);
    if (!job) throw jobNotFound(id);
    const plots = job.result?.plots ?? {};
    const sha256 = Object.hasOwn(plots, name) ? plots[name] : undefined;
    if (sha256 === undefined) throw plotNotFound(id, name);
    return (await this.blobs.read(sha256)).toString();
  }
}

/** The last bytes as text, without half a character at the start. */
function tailText(bytes: Buffer, limit: number): string {
  let start = Math.max(0, bytes.length - limit);
  while (start > 0 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString();
}
