import type { GatewayClient } from '../gateway-client.js';
import type { Job, JobReport, ModelVersion } from './api-types.js';
import type { Narrator } from './narrator.js';
import { waitFor } from './wait.js';

/** The model's name throughout the demo. */
export const MODEL = 'old-faithful';

/** A job that has finished, and what it found. */
export interface FinishedJob {
  readonly job: Job;
  readonly report: JobReport;
}

/** Starts a job, follows it until it has finished, and reads its report. */
export async function train(
  client: GatewayClient,
  say: Narrator,
  request: { splitId: string; hyperparameters: object; alias?: string },
): Promise<FinishedJob> {
  const { id } = await client.post<Job>('/jobs', {
    algorithm: 'linear-regression',
    splitId: request.splitId,
    hyperparameters: { target: 'waiting', features: ['eruptions'], ...request.hyperparameters },
    output: { model: MODEL, ...(request.alias === undefined ? {} : { alias: request.alias }) },
  });
  const job = await follow(client, id);
  if (job.state !== 'JOB_STATE_SUCCEEDED')
    throw new Error(`The job ended as ${job.state}: ${job.failure?.message ?? ''}`);
  say.line(`job ${id} succeeded on ${job.backend}`);
  return { job, report: await client.get<JobReport>(`/jobs/${id}/report`) };
}

/** Waits until the registry has made a version of a job's output, by itself. */
export function registeredVersion(client: GatewayClient, jobId: string): Promise<ModelVersion> {
  return waitFor('the registry to register the model', async () => {
    const page = await client
      .get<{ items: ModelVersion[] }>(`/models/${MODEL}/versions`)
      .catch(() => ({ items: [] }));
    return page.items.find((version) => version.lineage.jobId === jobId);
  });
}

/** Tells what a job found out. */
export function describeReport(say: Narrator, report: JobReport): void {
  for (const trial of report.trials) {
    const loss =
      trial.finalValidationLoss === undefined ? '' : `, validation J ${trial.finalValidationLoss.toFixed(4)}`;
    say.line(`learning rate ${trial.learningRate}: ${trial.status}${loss}`);
  }
  say.line(`the ${report.selectedOn} set chose ${report.learningRate}`);
  const { rmse } = report;
  say.line(
    `RMSE: train ${fixed(rmse.train)}, validation ${fixed(rmse.validation)}, test ${fixed(rmse.test)}`,
  );
  say.line(`verdict: ${report.verdict.kind}. ${report.verdict.explanation}`);
}

async function follow(client: GatewayClient, id: string): Promise<Job> {
  for (;;) {
    // The stream ends with the job, or early when the service behind it restarts.
    for await (const { event, data } of client.events(`/jobs/${id}/events`)) {
      if (event === 'job' && isFinished(data as Job)) return data as Job;
    }
    const job = await client.get<Job>(`/jobs/${id}`);
    if (isFinished(job)) return job;
  }
}

function isFinished(job: Job): boolean {
  return ['JOB_STATE_SUCCEEDED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'].includes(job.state);
}

function fixed(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(3);
}
