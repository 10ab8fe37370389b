/** Which nats-server versions are good enough, and which one we install. */

/**
 * Older servers lose a whole stream when killed, cannot sync to disk before they acknowledge (`sync_interval: always`),
 * and carry CVE-2025-30215.
 */
export const NATS_FLOOR = '2.10.27';

/** What we install, best first; the second needs an older Go toolchain (1.25 instead of 1.26). */
export const NATS_PINNED = ['2.14.9', '2.12.15'] as const;

/** True when `version` (x.y.z, anything after it ignored) is at least the floor. */
export function meetsFloor(version: string): boolean {
  return compareVersions(version, NATS_FLOOR) >= 0;
}

/** Negative when `a` is older than `b`, 0 when equal, positive when newer; only x.y.z counts. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parts(version: string): number[] {
  return /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
}
