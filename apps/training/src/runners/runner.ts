/** Injection token of the Runner. */
export const RUNNER = Symbol('RUNNER');

/** One start of a trainer: a job and which of its runs. */
export interface RunRef {
  readonly jobId: string;
  readonly run: number;
}

/** What a trainer is to do. */
export interface RunSpec extends RunRef {
  /** The whole content of `hyperparameters.json`. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Data by channel; the digests are keys of the blob store. */
  readonly channels: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * How a run is doing. `exited`: the trainer has ended by itself with this code, 128 + n when signal n ended it.
 * `absent`: it does not run and nothing says how it ended; it was killed with its guard, or is another machine's.
 */
export type RunStatus = { kind: 'running' } | { kind: 'exited'; code: number } | { kind: 'absent' };

/**
 * Where a trainer runs. A run belongs to no process of ours: it goes on when the service dies, and whoever has its
 * RunRef can find it again.
 */
export interface Runner {
  /**
   * Lays out the container contract (with the checkpoints of the job's earlier runs) and starts the trainer. Throws
   * BlobNotFound or BlobCorrupt when a channel cannot be had. Called once for each RunRef.
   */
  start(spec: RunSpec): Promise<void>;
  find(ref: RunRef): Promise<RunStatus>;
  /** Asks the trainer and all its children to end (SIGTERM). Harmless when there are none. */
  terminate(ref: RunRef): Promise<void>;
  /** Ends the trainer and all its children; after this none of them starts or goes on. */
  kill(ref: RunRef): Promise<void>;
  /** Standard output from a byte offset on; empty when there is no more, or none. */
  readOutput(ref: RunRef, offset: number, maxBytes: number): Promise<Buffer>;
  /** The end of standard error; empty when there is none. */
  readLog(ref: RunRef, maxBytes: number): Promise<Buffer>;
  /** Bytes written to standard output and error together. */
  outputSize(ref: RunRef): Promise<number>;
  /** The local folder that holds `model/` and `output/`. */
  rootOf(ref: RunRef): string;
  /** Forgets a finished job: kills what is left of its runs and removes their files. */
  discard(jobId: string): Promise<void>;
  /** Every run that has files here. */
  list(): Promise<RunRef[]>;
}
