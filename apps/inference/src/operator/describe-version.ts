import { platformOf } from '@aimass/platform-open-inference';
import type { ModelDescription, ModelIndexEntry } from '@aimass/platform-open-inference';
import type { ServedModel } from '../models/served-model.js';
import { isBatchable } from '../tensors/signature.js';
import type { Target } from './model-directory.js';

/** What is said of a version besides what it says itself. */
export interface VersionSurroundings {
  /** As it was asked for. */
  readonly name: string;
  /** Numbers of all versions under the name. */
  readonly versions: readonly number[];
  /** Rows of one run when the version does not say. */
  readonly maxBatchRows: number;
}

/** A version for metadata and configuration. */
export function describeVersion(
  { spec }: ServedModel,
  { name, versions, maxBatchRows }: VersionSurroundings,
): ModelDescription {
  const { engine, format, signature, serving } = spec;
  return {
    name,
    versions: versions.map(String),
    platform: platformOf(engine, format),
    inputs: signature.inputs,
    outputs: signature.outputs,
    config: {
      backend: engine === 'onnx' ? 'onnxruntime' : engine,
      maxBatchSize: isBatchable(signature) ? serving?.maxBatchRows || maxBatchRows : 0,
      batchDelayUs: serving?.batchDelayUs ?? 0,
    },
  };
}

/** A version in the repository index. */
export function indexEntry({ name, model }: Target): ModelIndexEntry {
  const version = String(model.spec.number);
  switch (model.state) {
    case 'ready':
      return { name, version, state: 'READY', reason: '' };
    case 'loading':
      return { name, version, state: 'LOADING', reason: 'it is being loaded' };
    case 'cold':
      return { name, version, state: 'UNAVAILABLE', reason: 'not in memory: the next call loads it' };
    case 'unloaded':
      return { name, version, state: 'UNAVAILABLE', reason: 'unloaded' };
    default:
      return { name, version, state: 'UNAVAILABLE', reason: model.reason || model.state };
  }
}
