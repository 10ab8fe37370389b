import type { modelRegistry, trafficControl, trafficControlEvents } from '@aimass/contracts';
import type { Deployment } from './deployment.entity.js';
import { versionIncomplete } from './deployments.errors.js';
import type { DeployedVersion, Variant } from './variant.js';

export function toDeploymentProto(deployment: Deployment): trafficControl.Deployment {
  const { id, name, variants, etag, createdAt, updatedAt } = deployment;
  return { id, name, variants: variants.map(toVariantProto), etag, createdAt, updatedAt };
}

export function toChangedEvent(deployment: Deployment): trafficControlEvents.DeploymentChanged {
  return { organizationId: deployment.organizationId, deployment: toDeploymentProto(deployment) };
}

export function toDeletedEvent({
  organizationId,
  id,
  name,
}: Deployment): trafficControlEvents.DeploymentDeleted {
  return { organizationId, deploymentId: id, name };
}

/** Throws `unprocessable` for a version that could not be served from what the registry says about it. */
export function toDeployedVersion(version: modelRegistry.ModelVersion): DeployedVersion {
  const { id, modelId, modelName, number, engine, format, signature, manifest, lineage } = version;
  if (!signature || !manifest) throw versionIncomplete(id);
  const hasLineage = (lineage?.jobId ?? '') !== '' || (lineage?.source ?? '') !== '';
  return { id, modelId, modelName, number, engine, format, signature, manifest, hasLineage };
}

function toVariantProto({ name, weight, version, serving }: Variant): trafficControl.Variant {
  return {
    name,
    modelVersionId: version.id,
    modelName: version.modelName,
    versionNumber: version.number,
    weight,
    serving: serving && { ...serving },
    hasLineage: version.hasLineage ?? true,
  };
}
