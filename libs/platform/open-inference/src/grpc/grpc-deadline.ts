import type { Deadline } from '@grpc/grpc-js';

/**
 * When a caller stops waiting, on the monotonic clock, from the wall-clock deadline of its call: never later than
 * `longestMs` from `nowMs`, also when it set none.
 */
export function deadlineOf(deadline: Deadline, nowMs: number, longestMs: number): number {
  const wallMs = typeof deadline === 'number' ? deadline : deadline.getTime();
  return nowMs + Math.min(longestMs, Math.max(0, wallMs - Date.now()));
}
