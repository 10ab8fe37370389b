import { routing } from '@aimass/contracts';
import type { trafficControl } from '@aimass/contracts';

/** The only schema this reader knows. */
export const KNOWN_SCHEMA_VERSION = 1;

/** The newest snapshot of every organization. */
export class SnapshotSet {
  private readonly snapshots = new Map<string, routing.RoutingSnapshot>();

  /**
   * Keeps a snapshot. Returns whether anything changed: an unknown schema, and a revision that is not newer than the one
   * that is kept, change nothing.
   */
  apply(organizationId: string, snapshot: routing.RoutingSnapshot): boolean {
    if (snapshot.schemaVersion !== KNOWN_SCHEMA_VERSION) return false;
    const kept = this.snapshots.get(organizationId);
    if (kept && BigInt(kept.revision) >= BigInt(snapshot.revision)) return false;
    this.snapshots.set(organizationId, snapshot);
    return true;
  }

  /** Forgets an organization. Returns whether it was there. */
  remove(organizationId: string): boolean {
    return this.snapshots.delete(organizationId);
  }

  organizationIds(): string[] {
    return [...this.snapshots.keys()];
  }

  /** Every organization's routes, as they are called there. */
  routes(): { readonly organizationId: string; readonly route: routing.Route }[] {
    return [...this.snapshots].flatMap(([organizationId, { routes }]) =>
      routes.map((route) => ({ organizationId, route })),
    );
  }

  /**
   * Every version that any route sends traffic to or any snapshot describes, by id. Versions are immutable; how they are
   * to be served may differ between snapshots and is merged.
   */
  versions(): Map<string, routing.ServedVersion> {
    const all = new Map<string, routing.ServedVersion>();
    for (const { versions } of this.snapshots.values()) {
      for (const version of versions) {
        const known = all.get(version.modelVersionId);
        const serving = mergeServing(known?.serving, version.serving);
        all.set(version.modelVersionId, { ...version, serving });
      }
    }
    return all;
  }
}

/**
 * The largest batch, the shortest delay, pinned if any says so; the most urgent priority and the longest queue. A 0 means
 * that a snapshot leaves it to the replica, and gives way to one that does not, except as a delay.
 */
function mergeServing(
  a: trafficControl.ServingOptions | undefined,
  b: trafficControl.ServingOptions | undefined,
): trafficControl.ServingOptions | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    maxBatchRows: Math.max(a.maxBatchRows, b.maxBatchRows),
    batchDelayUs: Math.min(a.batchDelayUs, b.batchDelayUs),
    priority: a.priority && b.priority ? Math.min(a.priority, b.priority) : a.priority || b.priority,
    maxQueueMs: Math.max(a.maxQueueMs, b.maxQueueMs),
    pinned: a.pinned || b.pinned,
  };
}

/** Decodes what a bucket holds; bytes that are no snapshot become one of schema 0, which no reader knows. */
export const snapshotCodec = {
  encode: (snapshot: routing.RoutingSnapshot) => routing.RoutingSnapshot.encode(snapshot),
  decode(bytes: Uint8Array): routing.RoutingSnapshot {
    try {
      return routing.RoutingSnapshot.decode(bytes);
    } catch {
      return routing.RoutingSnapshot.create();
    }
  },
};
