import { KV_BUCKETS, inference } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CallCarrier } from './pending-call.js';
import { rendezvous } from './rendezvous.js';
import type { Replica, Seat } from './replica.js';

/** How long a heartbeat stays in the KV bucket; replicas send one every second. */
const HEARTBEAT_TTL_MS = 5_000;

/** What the directory needs done. */
export interface DirectoryListener {
  arrived(id: string, heartbeat: inference.ReplicaHeartbeat): Replica;
  /** The replica took its leave or is given up: its link is not needed any more. */
  removed(replica: Replica): void;
  /** Some version may be ready, or on offer, on more replicas than before. */
  changed(): void;
}

/**
 * Which replicas there are and what each has ready, from the heartbeats in KV. While NATS is away nothing is heard, and
 * the last known replicas stay: whether one answers is the link's business.
 */
export class ReplicaDirectory {
  private readonly replicas = new Map<string, Replica>();
  private readonly seatsBy = new Map<string, readonly Seat[]>();

  constructor(
    readonly heartbeatMs: number,
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
    if (present && !present.link.isAt(heartbeat)) this.remove(present);
    const known = this.replicas.get(id);
    if (known === undefined) this.add(id, heartbeat);
    else if (known.update(heartbeat)) this.reindex();
  }

  all(): Iterable<Replica> {
    return this.replicas.values();
  }

  /** Replicas that have the version ready and are not draining; also those whose heartbeat is late. */
  seatsOf(modelVersionId: string): readonly Seat[] {
    let found = this.seatsBy.get(modelVersionId);
    if (found === undefined) {
      found = [...this.replicas.values()]
        .filter((replica) => !replica.heartbeat.draining && replica.ready.has(modelVersionId))
        .map((replica) => replica.seat(modelVersionId));
      this.seatsBy.set(modelVersionId, found);
    }
    return found;
  }

  /**
   * The replica that is to load the version, among those that do so when a call comes. Every gateway that sees the same
   * replicas names the same one, so that many calls in many gateways cause a single load.
   */
  loaderOf(modelVersionId: string, avoid?: CallCarrier): Replica | undefined {
    const candidates = [...this.replicas.values()].filter(
      ({ heartbeat, cold, link }) =>
        !heartbeat.draining && cold.has(modelVersionId) && link.isUsable && link !== avoid,
    );
    const inService = candidates.filter(({ ejection }) => !ejection.isOut);
    return rendezvous(modelVersionId, inService.length > 0 ? inService : candidates);
  }

  /** Why the version cannot be loaded, when a replica has tried and failed. */
  failureOf(modelVersionId: string): string | undefined {
    for (const { heartbeat } of this.replicas.values()) {
      const reason = heartbeat.failedModelVersions[modelVersionId];
      if (reason !== undefined) return reason;
    }
    return undefined;
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
    this.replicas.set(id, this.listener.arrived(id, heartbeat));
    this.reindex();
  }

  private letLeave(replica: Replica): void {
    replica.leave();
    this.reindex();
  }

  private isLate(replica: Replica, nowMs: number): boolean {
    return nowMs - replica.seenMs > this.heartbeatMs;
  }

  private remove(replica: Replica): void {
    this.replicas.delete(replica.id);
    this.reindex();
    this.listener.removed(replica);
  }

  private reindex(): void {
    this.seatsBy.clear();
    this.listener.changed();
  }
}
