/** How a benchmark is run. */
export interface BenchOptions {
  /** How often each target is measured; targets take turns, so that a slow minute of the machine hits all alike. */
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
  /** Aborted when the user wants it to end. */
  readonly signal: AbortSignal;
}

/** A benchmark; what `run` returns is the `--json` line. */
export interface Bench {
  /** One line, for the list. */
  readonly title: string;
  run(options: BenchOptions): Promise<object>;
}
