import type { modelRegistry, trainingEvents } from '@aimass/contracts';
import type { Manifest, Signature, TensorSpec } from './model-version.entity.js';
import type { Model } from './model.entity.js';
import { manifestInvalid } from './models.errors.js';
import type { Registration, VersionView } from './models.service.js';
import type { RegistrationRequest } from './registrations.service.js';

export function toModelProto(model: Model): modelRegistry.Model {
  const { id, name, latestVersion, aliases, createdAt } = model;
  return { id, name, latestVersion, aliases: { ...aliases }, createdAt };
}

export function toVersionProto({ version, aliases }: VersionView): modelRegistry.ModelVersion {
  const { id, modelId, modelName, number, engine, format, lineage, metrics, createdAt } = version;
  return {
    id,
    modelId,
    modelName,
    number,
    engine,
    format,
    signature: toSignatureProto(version.signature),
    manifest: toManifestProto(version.manifest),
    lineage: { ...lineage, source: lineage.source ?? '' },
    metrics: { ...metrics },
    aliases: [...aliases],
    createdAt,
  };
}

/** Throws `invalid` for an event that lacks a part every version must have. */
export function toRegistration(event: trainingEvents.JobSucceeded): Registration {
  const { signature, manifest, lineage } = event;
  if (!signature || !manifest || !lineage) throw manifestInvalid('signature, manifest or lineage is missing');
  return {
    organizationId: event.organizationId,
    modelName: event.modelName,
    number: 0,
    alias: event.alias,
    content: {
      engine: event.engine,
      format: event.format,
      signature,
      manifest,
      lineage,
      metrics: event.metrics,
    },
  };
}

/** A job's lineage comes with its event; who uploads says a source. */
export function toRegistrationRequest(
  request: modelRegistry.RegisterModelVersionRequest,
): RegistrationRequest {
  const { lineage, ...rest } = request;
  return { ...rest, source: lineage?.source ?? '' };
}

function toSignatureProto(signature: Signature): modelRegistry.Signature {
  return { inputs: signature.inputs.map(toTensorProto), outputs: signature.outputs.map(toTensorProto) };
}

function toTensorProto(spec: TensorSpec): modelRegistry.TensorSpec {
  return { name: spec.name, datatype: spec.datatype, shape: [...spec.shape] };
}

function toManifestProto(manifest: Manifest): modelRegistry.Manifest {
  return { files: manifest.files.map((file) => ({ ...file })), sha256: manifest.sha256 };
}
