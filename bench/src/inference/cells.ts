import type { LoadResult } from '../load/load.js';
import { median, round } from '../load/statistics.js';

/** What is compared with each other: one work, asked over one protocol, on so many connections. */
export interface Setting {
  readonly work: string;
  readonly protocol: 'http' | 'grpc';
  readonly connections: number;
}

/** One target in one setting. */
export interface Cell extends Setting {
  readonly target: string;
}

/** A cell, and what every round measured; rounds of different cells with the same index were neighbours in time. */
export interface MeasuredCell extends Cell {
  readonly rounds: readonly LoadResult[];
}

/** The medians of a cell's rounds, as in the `--json` line. */
export type CellResult = Cell & LoadResult;

/** Takes the medians. */
export function summarize({ rounds, work, protocol, connections, target }: MeasuredCell): CellResult {
  return {
    work,
    protocol,
    connections,
    target,
    rps: round(median(rounds.map(({ rps }) => rps)), rounds.every(({ rps }) => rps < 100) ? 1 : 0),
    p50Ms: round(median(rounds.map(({ p50Ms }) => p50Ms)), 3),
    p99Ms: round(median(rounds.map(({ p99Ms }) => p99Ms)), 3),
  };
}
