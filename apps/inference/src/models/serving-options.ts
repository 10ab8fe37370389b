import type { BatchOptions } from '../batching/batcher.js';
import type { Config } from '../config.js';

/** How a version is to be served, as its deployments say; 0: the replica's own default. */
export interface ServingOptions {
  /** Rows of one run at most. */
  readonly maxBatchRows: number;
  /** How long a run may wait for company, in microseconds; here 0 means: not at all. */
  readonly batchDelayUs: number;
  /** Urgency of calls that have none of their own, 1 (first) to 9. */
  readonly priority: number;
  /** How long calls may wait in a queue that does not empty, in milliseconds. */
  readonly maxQueueMs: number;
  /** Never taken out of memory for other versions. */
  readonly pinned: boolean;
}

/** For a version whose deployments say nothing. */
export const DEFAULT_SERVING: ServingOptions = {
  maxBatchRows: 0,
  batchDelayUs: 0,
  priority: 0,
  maxQueueMs: 0,
  pinned: false,
};

const DEFAULT_PRIORITY = 5;

/** What the batcher of a version goes by. */
export function batchOptionsOf(
  serving: ServingOptions,
  config: Pick<Config, 'MAX_BATCH_ROWS' | 'MAX_QUEUED_CALLS' | 'MAX_QUEUE_MS'>,
): BatchOptions {
  return {
    maxRows: serving.maxBatchRows || config.MAX_BATCH_ROWS,
    batchDelayUs: serving.batchDelayUs,
    defaultPriority: serving.priority || DEFAULT_PRIORITY,
    maxQueuedJobs: config.MAX_QUEUED_CALLS,
    maxQueueMs: serving.maxQueueMs || config.MAX_QUEUE_MS,
  };
}
