import { illegalSyncTransition } from './syncs.errors.js';

/** Where a sync is in its life. */
export type SyncState =
  'queued' | 'fetching' | 'importing' | 'succeeded' | 'unchanged' | 'failed' | 'cancelled';

/**
 * Every change of state there is. `fetching → queued` and `importing → queued` are a service that stops and gives its
 * sync back, or one that was killed and whose sync is taken up again.
 */
export const SYNC_TRANSITIONS = {
  queued: ['fetching', 'failed', 'cancelled'],
  fetching: ['queued', 'importing', 'unchanged', 'failed', 'cancelled'],
  importing: ['queued', 'succeeded', 'unchanged', 'failed', 'cancelled'],
  succeeded: [],
  unchanged: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<SyncState, readonly SyncState[]>;

/** Whether nothing can change any more. */
export function isFinal(state: SyncState): boolean {
  return SYNC_TRANSITIONS[state].length === 0;
}

/** Throws `conflict` (`data_sources.illegal_transition`) for a change that is not in the table. */
export function assertTransition(from: SyncState, to: SyncState): void {
  const allowed: readonly SyncState[] = SYNC_TRANSITIONS[from];
  if (!allowed.includes(to)) throw illegalSyncTransition(from, to);
}
