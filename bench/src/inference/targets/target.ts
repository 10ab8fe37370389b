import type { InferenceCall } from '../calls.js';
import type { Work } from '../works.js';

/** One row of the table: how one target is asked for one work. */
export interface TargetCall {
  /** The target's name in the results; a target may be asked in more than one way. */
  readonly label: string;
  readonly call: InferenceCall;
}

/** Something that serves the works. */
export interface Target {
  /** Every way in which it serves this work; none when it cannot. */
  calls(work: Work): readonly TargetCall[];
  /** Stops its processes from costing CPU while another target is measured; they keep their memory. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** What a target needs to start. */
export interface TargetContext {
  readonly works: readonly Work[];
  /** Holds `<work>.onnx` of every work there is. */
  readonly modelsDir: string;
  /** A folder of this run's own, for whatever a target writes; removed at the end. */
  readonly workDir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Starts a target and returns when it listens. Throws an Error that says why it cannot run here. */
export type StartTarget = (context: TargetContext) => Promise<Target>;
