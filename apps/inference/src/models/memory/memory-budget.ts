import { totalmem } from 'node:os';

/** Versions get half of the memory: the rest is for requests, the engines' own needs and the other services. */
const SHARE = 0.5;

/** Bytes that loaded versions may take when nobody says: half of what the machine, or this process's cgroup, offers. */
export function defaultMemoryBudget(
  machineBytes: number = totalmem(),
  cgroupBytes: number = process.constrainedMemory(),
): number {
  // Without a limit older versions of Node say undefined, newer ones 0.
  const hasLimit = cgroupBytes > 0;
  return Math.floor(SHARE * (hasLimit ? Math.min(machineBytes, cgroupBytes) : machineBytes));
}
