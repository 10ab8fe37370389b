import { unexpected } from '@aimass/platform-errors';

/** A message that the contract promises in an answer; its absence is a fault of the service, not of the caller. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw unexpected(new Error('a service left out what its contract promises'));
  return value;
}
