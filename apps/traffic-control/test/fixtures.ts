import type { modelRegistry, trafficControl } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import { publishEvent, testNatsUrl } from '@aimass/testing';

/** A version as the fake registry knows it: 1 to 9, `mv_1` to `mv_9`, and the alias `production` for 1. */
export function registeredVersion(request: modelRegistry.GetModelVersionRequest): modelRegistry.ModelVersion {
  const number = request.version === 'production' ? 1 : Number(request.version.replace('mv_', ''));
  if (number > 9) {
    throw new DomainError(
      'not_found',
      'model_registry.version_not_found',
      `There is no version "${request.version}".`,
    );
  }
  return {
    id: `mv_${number}`,
    modelId: `mdl_${request.organizationId}`,
    modelName: 'faithful',
    number,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: {
      inputs: [{ name: 'features', datatype: 'FP32', shape: ['-1', '1'] }],
      outputs: [{ name: 'prediction', datatype: 'FP32', shape: ['-1', '1'] }],
    },
    manifest: {
      files: [{ path: 'model.json', sha256: 'ab'.repeat(32), sizeBytes: '2' }],
      sha256: 'cd'.repeat(32),
    },
    lineage: number === 9 ? undefined : lineageOf(number),
    metrics: {},
    aliases: [],
    createdAt: new Date(),
  };
}

/** Odd ones come from a job, even ones from outside; 9 from nowhere. */
function lineageOf(number: number): modelRegistry.Lineage {
  const isJob = number % 2 === 1;
  const [jobId, source] = isJob ? [`job_${number}`, ''] : ['', 'https://example.com/model'];
  return { jobId, datasetVersionId: '', splitId: '', algorithm: '', source };
}

export function spec(
  version: string,
  change: Partial<trafficControl.VariantSpec> = {},
): trafficControl.VariantSpec {
  return { name: '', model: 'faithful', version, weight: 1, serving: undefined, ...change };
}

export function activated(
  subscriptionId: string,
  consumer: string,
  vendor: string,
  routeName = 'vendor/sold',
): Promise<void> {
  return publishEvent(testNatsUrl(), 'marketplace.v1.subscription.activated', {
    subscriptionId,
    consumerOrganizationId: consumer,
    vendorOrganizationId: vendor,
    deploymentName: 'sold',
    routeName,
  });
}

export function cancelled(subscriptionId: string, consumerOrganizationId: string): Promise<void> {
  return publishEvent(testNatsUrl(), 'marketplace.v1.subscription.cancelled', {
    subscriptionId,
    consumerOrganizationId,
    routeName: 'vendor/sold',
  });
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer is empty');
  return value;
}

/** The fake registry's GetModelVersion. */
export function getRegisteredVersion(
  request: modelRegistry.GetModelVersionRequest,
): Promise<modelRegistry.GetModelVersionResponse> {
  return Promise.resolve(request).then((asked) => ({ version: registeredVersion(asked) }));
}
