import { KV_BUCKETS, inference } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ReplicaLink } from './replica-link.js';

/** How long a heartbeat stays in the KV bucket; replicas send one every second. */
const HEARTBEAT_TTL_MS = 5_000;

/** A replica as its last heartbeat describes it. */
export interface Replica {
  readonly id: string;
  readonly link: ReplicaLink;
  heartbeat: inference.ReplicaHeartbeat;
  ready: ReadonlySet<string>;
  /** When the last heartbeat arrived, on the monotonic clock. */
  seenMs: number;
  /** It took its key away. */
  hasLeft: boolean;
}

/** What the directory needs done. */
export interface DirectoryListener {
  connect(heartbeat: inference.ReplicaHeartbeat): ReplicaLink;
  /** The replica took its leave or is given up: its link is not needed any more. */
  removed(replica: Replica): void;
  /** Some version may be ready on more replicas than before. */
  changed(): void;
}

/**
 * Which replicas there are and what each has ready, from the heartbeats in KV. While NATS is away nothing is heard, and
 * the last known replicas stay: whether one answers is the link's business.
 */
export class ReplicaDirectory {
  private readonly replicas = new Map<string, Replica>();
  private readonly readyBy = new Map<string, readonly Replica[]>();

  constructor(
    private readonly heartbeatMs: number,
    private readonly listener: DirectoryListener,
  ) {}

  /** Follows the KV bucket until `signal` aborts. */
  follow(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const bucket = new StateBucket(nats, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, HEARTBEAT_TTL_MS);
    return bucket.follow(signal, (id, heartbeat) => this.apply(id, heartbeat));
  }

  /** Takes a replica's heartbeat, or its leave. */
  apply(id: string, heartbeat: inference.ReplicaHeartbeat | null): void {
    const present = this.replicas.get(id);
    if (heartbeat === null) {
      if (present) this.letLeave(present);
      return;
    }
    if (present && present.link.address !== heartbeat.address) this.remove(present);
    const known = this.replicas.get(id);
    if (known) this.update(known, heartbeat);
    else this.add(id, heartbeat);
  }

  all(): Iterable<Replica> {
    return this.replicas.values();
  }

  /** Replicas that have the version ready and are not draining; also those whose heartbeat is late. */
  readyFor(modelVersionId: string): readonly Replica[] {
    let found = this.readyBy.get(modelVersionId);
    if (found === undefined) {
      const all = [...this.replicas.values()];
      found = all.filter((replica) => !replica.heartbeat.draining && replica.ready.has(modelVersionId));
      this.readyBy.set(modelVersionId, found);
    }
    return found;
  }

  /** Why the version cannot be loaded, when a replica has tried and failed. */
  failureOf(modelVersionId: string): string | undefined {
    for (const { heartbeat } of this.replicas.values()) {
      const reason = heartbeat.failedModelVersions[modelVersionId];
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** Whether the replica's heartbeat is late. */
  isLate(replica: Replica, nowMs: number): boolean {
    return nowMs - replica.seenMs > this.heartbeatMs;
  }

  /** Gives up replicas that neither send heartbeats nor keep their stream, and those that left and are done. */
  forgetGone(nowMs: number): void {
    for (const replica of this.replicas.values()) {
      const isDone = !replica.link.isUsable || (replica.hasLeft && replica.link.load === 0);
      if (this.isLate(replica, nowMs) && isDone) this.remove(replica);
    }
  }

  /** Removes every replica. */
  clear(): void {
    for (const replica of this.replicas.values()) this.remove(replica);
  }

  private add(id: string, heartbeat: inference.ReplicaHeartbeat): void {
    const ready = new Set(heartbeat.readyModelVersionIds);
    const link = this.listener.connect(heartbeat);
    this.replicas.set(id, { id, link, heartbeat, ready, seenMs: performance.now(), hasLeft: false });
    this.reindex();
  }

  /** It gets nothing new, and keeps its stream until it has answered what it has. */
  private letLeave(replica: Replica): void {
    replica.heartbeat = { ...replica.heartbeat, draining: true };
    replica.hasLeft = true;
    replica.seenMs = Number.NEGATIVE_INFINITY;
    this.reindex();
  }

  private update(replica: Replica, heartbeat: inference.ReplicaHeartbeat): void {
    const before = replica.heartbeat;
    replica.heartbeat = heartbeat;
    replica.hasLeft = false;
    replica.seenMs = performance.now();
    const isSame =
      before.draining === heartbeat.draining &&
      before.readyModelVersionIds.join() === heartbeat.readyModelVersionIds.join();
    if (isSame && Object.keys(heartbeat.failedModelVersions).length === 0) return;
    replica.ready = new Set(heartbeat.readyModelVersionIds);
    this.reindex();
  }

  private remove(replica: Replica): void {
    this.replicas.delete(replica.id);
    this.reindex();
    this.listener.removed(replica);
  }

  private reindex(): void {
    this.readyBy.clear();
    this.listener.changed();
  }
}
