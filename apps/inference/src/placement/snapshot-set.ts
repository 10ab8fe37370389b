import { routing } from '@aimass/contracts';

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

  /** Every version that any route sends traffic to or any snapshot describes, by id; versions are immutable. */
  versions(): Map<string, routing.ServedVersion> {
    const all = [...this.snapshots.values()].flatMap((snapshot) => snapshot.versions);
    return new Map(all.map((version) => [version.modelVersionId, version]));
  }
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
