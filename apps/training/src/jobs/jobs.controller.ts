import { training } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { ALGORITHMS } from '../algorithms/catalogue.js';
import { JobFilesService } from './job-files.service.js';
import { JobWatcher } from './job-watcher.service.js';
import { toAlgorithmProto, toJobProto, toJobRequest, toPointProto, toSequence } from './job.mapping.js';
import { JobsService } from './jobs.service.js';

/** gRPC: jobs, what they report, and the algorithms. */
@GrpcController(training.TrainingServiceService)
export class JobsController implements GrpcHandlers<typeof training.TrainingServiceService> {
  constructor(
    private readonly jobs: JobsService,
    private readonly files: JobFilesService,
    private readonly watcher: JobWatcher,
  ) {}

  async createJob(request: training.CreateJobRequest) {
    return { job: toJobProto(await this.jobs.create(toJobRequest(request))) };
  }

  async getJob({ organizationId, jobId }: training.GetJobRequest) {
    return { job: toJobProto(await this.jobs.get(organizationId, jobId)) };
  }

  async listJobs(request: training.ListJobsRequest) {
    const page = await this.jobs.list(request.organizationId, request);
    return { items: page.items.map(toJobProto), nextPageToken: page.nextPageToken };
  }

  async cancelJob({ organizationId, jobId }: training.CancelJobRequest) {
    return { job: toJobProto(await this.jobs.cancel(organizationId, jobId)) };
  }

  async *watchJob({ organizationId, jobId, afterSequence }: training.WatchJobRequest) {
    for await (const { job, points } of this.watcher.watch(
      organizationId,
      jobId,
      toSequence(afterSequence),
    )) {
      yield { job: toJobProto(job), points: points.map(toPointProto) };
    }
  }

  async listJobMetrics({ organizationId, jobId, afterSequence }: training.ListJobMetricsRequest) {
    const points = await this.jobs.listMetrics(organizationId, jobId, toSequence(afterSequence));
    return { items: points.map(toPointProto) };
  }

  async getJobLogs({ organizationId, jobId }: training.GetJobLogsRequest) {
    return { text: await this.files.readLog(organizationId, jobId) };
  }

  getJobReport({ organizationId, jobId }: training.GetJobReportRequest) {
    return this.files.readReport(organizationId, jobId);
  }

  async getJobPlot({ organizationId, jobId, name }: training.GetJobPlotRequest) {
    return { svg: await this.files.readPlot(organizationId, jobId, name) };
  }

  listAlgorithms() {
    return Promise.resolve({ items: ALGORITHMS.map(toAlgorithmProto) });
  }
}
