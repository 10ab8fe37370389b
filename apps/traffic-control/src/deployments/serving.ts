import type { Violation } from '@aimass/platform-errors';

/** How replicas serve a version; 0 and false leave it to the replica. */
export interface Serving {
  /** Rows that one engine run takes at most. */
  readonly maxBatchRows: number;
  /** How long a run may wait for company, in microseconds. */
  readonly batchDelayUs: number;
  /** Which waiting calls run first when they do not say: 1 before 2 and so on. */
  readonly priority: number;
  /** How long calls may wait in a queue that does not empty, in milliseconds. */
  readonly maxQueueMs: number;
  /** It is never taken out of memory for other versions. */
  readonly pinned: boolean;
}

/** The most that each may be; a minute in a queue is more than any caller waits. */
const LIMITS = { maxBatchRows: 65_536, batchDelayUs: 1_000_000, priority: 9, maxQueueMs: 60_000 } as const;

/** What is wrong with the options, by paths under `path`. */
export function servingViolations(serving: Serving | undefined, path: string): Violation[] {
  if (serving === undefined) return [];
  return (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).flatMap((key) => {
    const value = serving[key];
    if (Number.isInteger(value) && value >= 0 && value <= LIMITS[key]) return [];
    return [{ path: `${path}.${key}`, message: `Give a whole number from 0 to ${LIMITS[key]}.` }];
  });
}

/**
 * The options of a version that several variants deploy: the largest batch, the shortest delay, the most urgent priority,
 * the longest queue, pinned if any says so. What leaves it to the replica gives way to what does not, except as a delay.
 * Replicas merge those of several snapshots in the same way.
 */
export function mergeServing(a: Serving | undefined, b: Serving | undefined): Serving | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    maxBatchRows: Math.max(a.maxBatchRows, b.maxBatchRows),
    batchDelayUs: Math.min(a.batchDelayUs, b.batchDelayUs),
    priority: a.priority && b.priority ? Math.min(a.priority, b.priority) : a.priority || b.priority,
    maxQueueMs: Math.max(a.maxQueueMs, b.maxQueueMs),
    pinned: a.pinned || b.pinned,
  };
}
