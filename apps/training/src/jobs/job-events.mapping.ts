import { emit } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { toManifestProto, toSignatureProto } from './job.mapping.js';
import type { Job } from './job.entity.js';

/** Emits the event of a job that has just finished, in the transaction that finishes it. */
export async function emitFinished(tx: EntityManager, job: Job): Promise<void> {
  const { organizationId, id: jobId, failure } = job;
  if (job.state === 'succeeded') await emitSucceeded(tx, job);
  else if (job.state === 'cancelled')
    await emit(tx, 'training.v1.job.cancelled', jobId, { organizationId, jobId });
  else if (failure) await emit(tx, 'training.v1.job.failed', jobId, { organizationId, jobId, ...failure });
}

async function emitSucceeded(tx: EntityManager, job: Job): Promise<void> {
  const { result, organizationId, id: jobId, datasetVersionId, splitId, algorithm } = job;
  if (!result) throw new Error(`job ${jobId} succeeded without a result`);
  await emit(tx, 'training.v1.job.succeeded', jobId, {
    organizationId,
    jobId,
    modelName: job.outputModel,
    alias: job.outputAlias,
    engine: result.engine,
    format: result.format,
    signature: toSignatureProto(result.signature),
    manifest: toManifestProto(result.manifest),
    lineage: { jobId, datasetVersionId, splitId, algorithm, source: '' },
    metrics: { ...result.metrics },
  });
}
