import type { Signature } from '../tensors/signature.js';
import type { ServingOptions } from './serving-options.js';

/** One file of a model version; `sha256` is its key in the blob store. */
export interface ManifestFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The complete list of a version's files, sorted by path; `sha256` covers the lines `<sha256>  <path>\n`. */
export interface Manifest {
  readonly files: readonly ManifestFile[];
  readonly sha256: string;
}

/** An immutable model version as a routing snapshot describes it: all that is needed to load and serve it. */
export interface VersionSpec {
  /** `mv_…` */
  readonly id: string;
  readonly modelName: string;
  readonly number: number;
  readonly engine: string;
  readonly format: string;
  readonly signature: Signature;
  readonly manifest: Manifest;
  /** How its deployments want it served; absent when they say nothing. The only part that may change. */
  readonly serving?: ServingOptions;
}
