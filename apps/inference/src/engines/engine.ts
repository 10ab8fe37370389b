import type { Datatype } from '../tensors/datatype.js';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';

/** A model version's files by their path in the manifest; their digests have been verified. */
export type ModelFiles = ReadonlyMap<string, Buffer>;

/** What executes model versions. Implementations pass the same contract suite (`test/engine.contract.ts`). */
export interface Engine {
  /** As model versions name it: `tensorflow`. */
  readonly name: string;
  /** What computes, for people: `tfjs (wasm)`. */
  readonly backend: string;
  /** File layouts it reads: `tfjs-layers`. */
  readonly formats: ReadonlySet<string>;
  /** Datatypes it computes without losing values. */
  readonly datatypes: ReadonlySet<Datatype>;
  /** Formats whose bad files may end the process, or never come to an end: they are tried in another process first. */
  readonly riskyFormats: ReadonlySet<string>;
  /** Whether a second copy of this engine may live in another thread of this process. */
  readonly isThreadSafe: boolean;
  /**
   * Loads a model of one of `formats` whose signature uses only `datatypes`. Throws DomainError `precondition_failed`
   * when the files are not a model, or do not fit the signature: trying again would not help.
   */
  load(files: ModelFiles, signature: Signature, format: string): Promise<LoadedModel>;
}

/** A model in memory. */
export interface LoadedModel {
  /**
   * Runs one batch: a tensor for each input of the signature in order gives one for each output in order. Calls do not
   * overlap. Inputs are not written to. Rejects when the engine fails; the model stays usable.
   */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  /** Frees the memory; nothing is run afterwards. */
  dispose(): void;
  /** Bytes it holds while it is loaded, where the engine knows better than a measurement of the process. */
  readonly memoryBytes?: number;
  /** Whether loading it started a thread, which the process grew by as well and which stays when the model goes. */
  readonly startedThread?: boolean;
}
