import { illegalTransition } from './jobs.errors.js';

/** Where a job is in its life. */
export type JobState = 'queued' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';

/** Every change of state there is. `running → queued` is a retry, or a service that stops and gives its job back. */
export const TRANSITIONS = {
  queued: ['running', 'cancelled'],
  running: ['queued', 'cancelling', 'succeeded', 'failed'],
  cancelling: ['cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<JobState, readonly JobState[]>;

/** Whether nothing can change any more. */
export function isFinal(state: JobState): boolean {
  return TRANSITIONS[state].length === 0;
}

/** Throws `conflict` (`training.illegal_transition`) for a change that is not in the table. */
export function assertTransition(from: JobState, to: JobState): void {
  const allowed: readonly JobState[] = TRANSITIONS[from];
  if (!allowed.includes(to)) throw illegalTransition(from, to);
}
