/** How a benchmark is run. */
export interface BenchOptions {
  /** How often each target is measured; targets take turns, so that a slow minute of the machine hits all alike. */
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measure these targets only. */
  readonly targets?: readonly string[];
  /** Measure these works only. */
  readonly works?: readonly string[];
  /** Measure with these numbers of connections. */
  readonly connections?: readonly number[];
  /** Size of the file that is measured with. */
  readonly megabytes?: number;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
  /** Aborted when the user wants it to end. */
  readonly signal: AbortSignal;
}

/** A benchmark; what `run` returns is the `--json` line. */
export interface Bench {
  /** One line, for the list. */
  readonly title: string;
  /** What is taken when the user says nothing. */
  readonly defaults: Pick<BenchOptions, 'rounds' | 'seconds'>;
  run(options: BenchOptions): Promise<object>;
}
