import { replica } from '@aimass/contracts';
import type { ModelIndexEntry } from '@aimass/platform-open-inference';

const { VersionState } = replica;

/** What the repository index says of a version, from what each replica says of it. */
export function indexEntry(
  name: string,
  version: string,
  statuses: readonly replica.ServedVersionStatus[],
): ModelIndexEntry {
  const has = (state: replica.VersionState): boolean => statuses.some((status) => status.state === state);
  if (has(VersionState.READY)) return { name, version, state: 'READY', reason: '' };
  if (has(VersionState.LOADING)) return { name, version, state: 'LOADING', reason: 'it is being loaded' };
  return { name, version, state: 'UNAVAILABLE', reason: reasonOf(statuses, has) };
}

function reasonOf(
  statuses: readonly replica.ServedVersionStatus[],
  has: (state: replica.VersionState) => boolean,
): string {
  const told = statuses.find(({ reason }) => reason !== '');
  if (told) return told.reason;
  if (has(VersionState.COLD)) return 'not in memory: the next call loads it';
  if (has(VersionState.UNLOADED)) return 'unloaded';
  return 'no replica has it yet';
}
