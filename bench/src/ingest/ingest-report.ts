import { median, round, spread } from '../load/statistics.js';

/** What one round measured. */
export interface IngestRound {
  readonly duckDbSeconds: number;
  /** From the start of the sync to its end: fetch, import, statistics, checks, storing. */
  readonly importSeconds: number;
  /** The most that the service held while it did that. */
  readonly peakMemoryMb: number;
}

/** What the rounds say together. */
export interface IngestSummary {
  /** Speed of the import relative to DuckDB's copy: median of the ratios within the rounds. */
  readonly ratioToDuckdb: number;
  readonly peakMemoryMb: number;
  readonly importSeconds: number;
  readonly duckDbSeconds: number;
}

/** Medians, and the largest of the peaks. */
export function summarizeIngest(rounds: readonly IngestRound[]): IngestSummary {
  return {
    ratioToDuckdb: round(median(rounds.map(ratioOf)), 3),
    peakMemoryMb: Math.max(...rounds.map(({ peakMemoryMb }) => peakMemoryMb)),
    importSeconds: round(median(rounds.map(({ importSeconds }) => importSeconds)), 2),
    duckDbSeconds: round(median(rounds.map(({ duckDbSeconds }) => duckDbSeconds)), 2),
  };
}

/** The summary for people. */
export function formatIngest(rounds: readonly IngestRound[]): string[] {
  const { ratioToDuckdb, peakMemoryMb, importSeconds, duckDbSeconds } = summarizeIngest(rounds);
  const ratios = rounds.map(ratioOf);
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  return [
    `DuckDB's copy   ${duckDbSeconds} s ${spread(rounds.map((each) => each.duckDbSeconds))}`,
    `import          ${importSeconds} s ${spread(rounds.map((each) => each.importSeconds))}`,
    `ratio           ${ratioToDuckdb.toFixed(2)} (rounds: ${range}); aim: at least 0.5`,
    `peak memory     ${peakMemoryMb} MB; aim: at most 1024`,
  ];
}

function ratioOf({ duckDbSeconds, importSeconds }: IngestRound): number {
  return duckDbSeconds / importSeconds;
}
