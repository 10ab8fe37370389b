import type { modelRegistry, routing } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { VersionSpec } from '../models/version-spec.js';
import { isDatatype } from '../tensors/datatype.js';
import type { TensorSpec } from '../tensors/signature.js';

/** A version as a routing snapshot describes it. Throws `invalid` when it cannot be served at all. */
export function toVersionSpec(version: routing.ServedVersion): VersionSpec {
  const { signature, manifest, serving } = version;
  if (signature === undefined || signature.inputs.length === 0 || signature.outputs.length === 0) {
    throw specInvalid(version, 'it has no signature');
  }
  if (manifest === undefined || manifest.files.length === 0) throw specInvalid(version, 'it has no files');
  return {
    id: version.modelVersionId,
    modelName: version.modelName,
    number: version.versionNumber,
    engine: version.engine,
    format: version.format,
    signature: {
      inputs: signature.inputs.map((spec) => toTensorSpec(version, spec)),
      outputs: signature.outputs.map((spec) => toTensorSpec(version, spec)),
    },
    manifest: {
      files: manifest.files.map((file) => ({ ...file, sizeBytes: Number(file.sizeBytes) })),
      sha256: manifest.sha256,
    },
    ...(serving && { serving }),
  };
}

function toTensorSpec(version: routing.ServedVersion, spec: modelRegistry.TensorSpec): TensorSpec {
  const { name, datatype } = spec;
  if (!isDatatype(datatype)) throw specInvalid(version, `"${name}" has the unknown datatype "${datatype}"`);
  const shape = spec.shape.map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size === 0 || size < -1)) {
    throw specInvalid(version, `"${name}" has the impossible shape [${shape.join(',')}]`);
  }
  return { name, datatype, shape };
}

function specInvalid(version: routing.ServedVersion, reason: string): DomainError {
  return new DomainError(
    'invalid',
    'inference.version_invalid',
    `Model version ${version.modelVersionId} cannot be served: ${reason}.`,
  );
}
