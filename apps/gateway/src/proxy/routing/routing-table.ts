import { KV_BUCKETS, routing } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ProxyLog } from '../ports.js';
import { compileSnapshot } from './compiled-routes.js';
import type { CompiledOrganization, CompiledRoute } from './compiled-routes.js';

/** The one schema of snapshots that this gateway understands. */
const SCHEMA_VERSION = 1;

/**
 * Who may call what: the routing snapshots, one per organization, each swapped in as a whole. A request reads one
 * compiled organization and uses it to its end, so none sees half a change. While NATS is away the last good snapshots
 * stay in force.
 */
export class RoutingTable {
  private readonly organizations = new Map<string, CompiledOrganization>();
  private readonly warned = new Set<string>();
  private synced = false;

  /** `swapMs`: how long the version before may answer in place of a new one that is ready nowhere. */
  constructor(
    private readonly log: ProxyLog,
    private readonly swapMs: number,
  ) {}

  /** Whether the present snapshots have all been read once. */
  get isSynced(): boolean {
    return this.synced;
  }

  /** Follows the KV bucket until `signal` aborts. */
  follow(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const bucket = new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
    return bucket.follow(
      signal,
      (key, snapshot) => this.apply(key, snapshot),
      () => (this.synced = true),
    );
  }

  /** Takes one organization's snapshot, or its removal. */
  apply(organizationId: string, snapshot: routing.RoutingSnapshot | null): void {
    if (snapshot === null) {
      this.organizations.delete(organizationId);
      return;
    }
    const present = this.organizations.get(organizationId);
    if (!this.isUsable(organizationId, snapshot, present)) return;
    const before = { organization: present, nowMs: performance.now(), swapMs: this.swapMs };
    this.organizations.set(organizationId, compileSnapshot(snapshot, before));
  }

  /** The route behind a name, as this organization may call it. */
  find(organizationId: string, name: string): CompiledRoute | undefined {
    return this.organizations.get(organizationId)?.routes.get(name);
  }

  /** Every name that this organization may call. */
  all(organizationId: string): CompiledRoute[] {
    return [...(this.organizations.get(organizationId)?.routes.values() ?? [])];
  }

  private isUsable(key: string, snapshot: routing.RoutingSnapshot, present?: CompiledOrganization): boolean {
    if (snapshot.schemaVersion !== SCHEMA_VERSION || snapshot.organizationId !== key) {
      this.warnOnce(key, snapshot.schemaVersion);
      return false;
    }
    return present === undefined || BigInt(snapshot.revision) >= present.revision;
  }

  private warnOnce(organizationId: string, schemaVersion: number): void {
    const warning = `${organizationId}@${schemaVersion}`;
    if (this.warned.has(warning)) return;
    this.warned.add(warning);
    this.log.warn(
      `routing snapshot of ${organizationId} ignored: schema version ${schemaVersion}, this gateway knows ` +
        `${SCHEMA_VERSION}. Upgrade the gateway; it keeps the last snapshot it understood.`,
    );
  }
}
