import { training } from '@aimass/contracts';
import type { modelRegistry } from '@aimass/contracts';
import type { AlgorithmDefinition } from '../algorithms/algorithm.js';
import type { JobResult, Manifest, TensorSpec } from './job-result.js';
import type { JobState } from './job-state.js';
import type { Job } from './job.entity.js';
import type { JobRequest } from './job-request.js';
import type { MetricPoint } from './metric-point.entity.js';

const STATES: Readonly<Record<JobState, training.JobState>> = {
  queued: training.JobState.QUEUED,
  running: training.JobState.RUNNING,
  cancelling: training.JobState.CANCELLING,
  succeeded: training.JobState.SUCCEEDED,
  failed: training.JobState.FAILED,
  cancelled: training.JobState.CANCELLED,
};

export function toJobRequest(request: training.CreateJobRequest): JobRequest {
  const { organizationId, requestId, algorithm, splitId, hyperparameters, output } = request;
  return {
    organizationId,
    requestId,
    algorithm,
    splitId,
    hyperparameters,
    output: output ?? { model: '', alias: '' },
  };
}

export function toJobProto(job: Job): training.Job {
  const { id, algorithm, datasetVersionId, splitId, attempt, progress, backend, createdAt } = job;
  return {
    id,
    algorithm,
    datasetVersionId,
    splitId,
    hyperparameters: { ...job.hyperparameters },
    output: { model: job.outputModel, alias: job.outputAlias },
    state: STATES[job.state],
    attempt,
    progress,
    failure: job.failure ? { ...job.failure } : undefined,
    backend,
    createdAt,
    startedAt: job.startedAt ?? undefined,
    finishedAt: job.finishedAt ?? undefined,
  };
}

export function toPointProto({ sequence, metric, trial, epoch, value }: MetricPoint): training.MetricPoint {
  return { sequence: String(sequence), metric, trial, epoch, value };
}

export function toAlgorithmProto({
  name,
  description,
  hyperparameters,
}: AlgorithmDefinition): training.Algorithm {
  return {
    name,
    description,
    hyperparameters: hyperparameters.map((spec) => ({
      name: spec.name,
      type: spec.type,
      description: spec.description,
      default: spec.default,
    })),
  };
}

export function toSignatureProto({ inputs, outputs }: JobResult['signature']): modelRegistry.Signature {
  return { inputs: inputs.map(toTensorProto), outputs: outputs.map(toTensorProto) };
}

export function toManifestProto({ files, sha256 }: Manifest): modelRegistry.Manifest {
  return { files: files.map((file) => ({ ...file })), sha256 };
}

/** Sequences are 64-bit on the wire and far below 2^31 here. Anything else means "from the beginning". */
export function toSequence(text: string): number {
  const sequence = Number(text);
  return Number.isSafeInteger(sequence) && sequence > 0 ? Math.min(sequence, 0x7fff_ffff) : 0;
}

function toTensorProto({ name, datatype, shape }: TensorSpec): modelRegistry.TensorSpec {
  return { name, datatype, shape: [...shape] };
}
