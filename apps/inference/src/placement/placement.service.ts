import { Injectable, Logger } from '@nestjs/common';
import type { routing } from '@aimass/contracts';
import { ModelStore } from '../models/model-store.js';
import type { VersionSpec } from '../models/version-spec.js';
import { SnapshotSet } from './snapshot-set.js';
import { toVersionSpec } from './version-spec.mapping.js';

/** Decides which model versions this replica holds: all that the routing snapshots of all organizations describe. */
@Injectable()
export class PlacementService {
  private readonly logger = new Logger('placement');
  private readonly snapshots = new SnapshotSet();
  private hasHeard = false;

  constructor(private readonly models: ModelStore) {}

  /** Takes a snapshot, or with null the news that it is gone. Returns whether it changed anything. */
  apply(organizationId: string, snapshot: routing.RoutingSnapshot | null): boolean {
    const isChange = snapshot
      ? this.snapshots.apply(organizationId, snapshot)
      : this.snapshots.remove(organizationId);
    if (isChange && this.hasHeard) this.place();
    if (!isChange && snapshot)
      this.logger.debug(`ignored snapshot ${snapshot.revision} of ${organizationId}`);
    return isChange;
  }

  /** The present state is complete. Organizations that it did not mention are gone, unless it was empty altogether. */
  synced(heard: ReadonlySet<string>): string[] {
    this.hasHeard = true;
    const gone = heard.size === 0 ? [] : this.snapshots.organizationIds().filter((id) => !heard.has(id));
    for (const id of gone) this.snapshots.remove(id);
    this.place();
    return gone;
  }

  /** Whether it is known what to serve, if only from the last run. */
  get isPlaced(): boolean {
    return this.hasHeard;
  }

  /** Every organization's routes, as they are called there. */
  routes(): ReturnType<SnapshotSet['routes']> {
    return this.snapshots.routes();
  }

  private place(): void {
    const specs = new Map<string, VersionSpec>();
    for (const [id, version] of this.snapshots.versions()) {
      try {
        specs.set(id, toVersionSpec(version));
      } catch (error) {
        this.logger.warn(error instanceof Error ? error.message : String(error));
      }
    }
    this.models.place(specs);
  }
}
