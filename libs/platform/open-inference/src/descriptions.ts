import type { replica } from '@aimass/contracts';

/** The server, as `GET /v2` and `ServerMetadata` describe it. */
export interface ServerDescription {
  readonly name: string;
  readonly version: string;
  /** What of the protocol's extensions is really there. */
  readonly extensions: readonly string[];
}

/** A tensor of a signature. */
export interface TensorDescription {
  readonly name: string;
  /** `FP32`, `INT64`, `BYTES`, … */
  readonly datatype: string;
  /** -1 is a dimension that varies. */
  readonly shape: readonly number[];
}

/** A model version, or a model as that of its versions with the largest share. */
export interface ModelDescription {
  readonly name: string;
  /** Version numbers, ascending. */
  readonly versions: readonly string[];
  /** `<project>_<format>`: `onnxruntime_onnx`, `tensorflow_savedmodel`, … */
  readonly platform: string;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly config: ModelConfigDescription;
}

/** How a version is run. */
export interface ModelConfigDescription {
  /** `onnxruntime`, `tensorflow`, … */
  readonly backend: string;
  /** Rows that one run takes at most; 0 when requests do not share runs, or the limit is the replica's own. */
  readonly maxBatchSize: number;
  /** How long a run may wait for company, in microseconds. */
  readonly batchDelayUs: number;
}

/** What one version has done; 64-bit numbers as decimal text. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  readonly statistics: replica.VersionStatistics;
}

/** A version in the repository index. */
export interface ModelIndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
}
